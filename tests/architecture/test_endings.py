"""What waits while a task ends, waits shielded and not for ever: else it is cut off at once, or hangs the engine's end.

A task that was cancelled is cancelled again by its next await. An await in `finally`, or where an interrupt is caught,
therefore does nothing unless it is shielded; and whatever is shielded can be ended by its own deadline alone.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

import pytest

from tests.architecture.tree import Source, matching, sources

SCOPES = {"move_on_after": 0, "move_on_at": 0, "fail_after": 0, "fail_at": 0, "CancelScope": None}
"""What makes a scope, and where its bound stands when it is not named."""
BOUNDS = ("seconds", "deadline", "relative_deadline")
INTERRUPTS = ("Cancelled", "BaseException", "BaseExceptionGroup")
"""Exceptions that a cancellation is, or may be wrapped in."""
LATER = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
"""What stands inside these runs at another time."""

TREE = matching(sources(), "engine/*")


def exposed_waits(source: Source) -> list[str]:
    """Awaits that run when a task ends, and stand in no shield with a bound."""
    lines = {wait.lineno for node in ast.walk(source.tree) for part in _endings(node) for wait in _waits(part)}
    return [f"{source.at(line)}: a wait while a task ends needs a shield with a deadline" for line in sorted(lines)]


def endless_shields(source: Source) -> list[str]:
    """Shields without a deadline: nothing but what is waited for ends them."""
    return [
        f"{source.at(node.lineno)}: a shield needs a deadline"
        for node in ast.walk(source.tree)
        if isinstance(node, ast.Call | ast.Assign) and _endless(node)
    ]


def _endings(node: ast.AST) -> list[ast.stmt]:
    match node:
        case ast.Try() | ast.TryStar():
            return node.finalbody
        case ast.ExceptHandler():
            return node.body if _catches_interrupts(node) else []
    return []


def _catches_interrupts(handler: ast.ExceptHandler) -> bool:
    if handler.type is None:
        return True
    caught = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    return any(ast.unparse(each).rpartition(".")[2] in INTERRUPTS for each in caught)


def _waits(node: ast.AST) -> Iterator[ast.expr | ast.stmt]:
    if isinstance(node, ast.Await | ast.AsyncWith | ast.AsyncFor):
        yield node
    if isinstance(node, ast.ListComp | ast.SetComp | ast.DictComp) and any(each.is_async for each in node.generators):
        yield node
    shielded = isinstance(node, ast.With) and any(_shielded_and_bounded(item.context_expr) for item in node.items)
    if not shielded and not isinstance(node, LATER):
        for child in ast.iter_child_nodes(node):
            yield from _waits(child)


def _shielded_and_bounded(node: ast.expr) -> bool:
    return isinstance(node, ast.Call) and _shields(node) and _bounded(node)


def _shields(call: ast.Call) -> bool:
    """Whether a scope is made with a shield; one that is decided at run time counts as none."""
    shields = [word.value for word in call.keywords if word.arg == "shield"]
    return _name(call) in SCOPES and any(isinstance(each, ast.Constant) and each.value is True for each in shields)


def _endless(node: ast.Call | ast.Assign) -> bool:
    """A shield that is made without a bound, or put up later, where nobody sees which bound it has."""
    if isinstance(node, ast.Call):
        return _shields(node) and not _bounded(node)
    return any(isinstance(target, ast.Attribute) and target.attr == "shield" for target in node.targets)


def _bounded(call: ast.Call) -> bool:
    place = SCOPES[_name(call)]
    told = call.args[place : place + 1] if place is not None else []
    told += [word.value for word in call.keywords if word.arg in BOUNDS]
    return any("inf" not in [each.rpartition(".")[2] for each in _words(bound)] for bound in told)


def _words(bound: ast.expr) -> list[str]:
    return [ast.unparse(node) for node in ast.walk(bound) if isinstance(node, ast.Name | ast.Attribute)]


def _name(call: ast.Call) -> str:
    return ast.unparse(call.func).rpartition(".")[2]


def test_what_waits_while_a_task_ends_is_shielded_and_bounded() -> None:
    assert [line for source in TREE for line in exposed_waits(source)] == []


def test_every_shield_ends_by_itself() -> None:
    assert [line for source in TREE for line in endless_shields(source)] == []


def ending(body: str, head: str = "finally:") -> Source:
    lines = "".join(f"        {line}\n" for line in body.split("\n"))
    return Source("engine.sample", f"async def run():\n    try:\n        await work()\n    {head}\n{lines}")


@pytest.mark.parametrize(
    "body",
    [
        "await close()",
        "if open:\n    await close()",
        "with trio.move_on_after(5):\n    await close()",
        "with trio.move_on_after(5, shield=False):\n    await close()",
        "with trio.CancelScope(shield=True):\n    await close()",
        "with trio.move_on_after(math.inf, shield=True):\n    await close()",
        "with trio.move_on_after(5, shield=True):\n    pass\nawait close()",
        "async with lock:\n    pass",
        "async for each in rest:\n    pass",
        "left = [each async for each in rest]",
        "with suppress(Exception):\n    await close()",
        "code = (await close()).code",
    ],
)
def test_a_wait_that_is_cut_off_or_lasts_for_ever_is_noticed(body: str) -> None:
    assert exposed_waits(ending(body))


@pytest.mark.parametrize(
    "head",
    ["except trio.Cancelled:", "except BaseException as error:", "except:", "except (OSError, Cancelled):"],
)
def test_it_is_noticed_where_an_interrupt_is_caught_too(head: str) -> None:
    assert exposed_waits(ending("await close()", head))
    assert exposed_waits(ending("await close()", "except OSError:")) == []


@pytest.mark.parametrize(
    "body",
    [
        "close()",
        "with trio.move_on_after(5, shield=True):\n    await close()",
        "with trio.move_on_after(5, shield=True) as scope:\n    async with lock:\n        await close()",
        "with trio.CancelScope(deadline=5, shield=True):\n    await close()",
        "with suppress(OSError), trio.fail_after(seconds=5, shield=True):\n    await close()",
        "async def later():\n    await close()\nsoon(later)",
    ],
)
def test_a_wait_in_a_shield_that_ends_is_let_pass(body: str) -> None:
    assert exposed_waits(ending(body)) == []
    assert endless_shields(ending(body)) == []


def test_a_wait_before_the_end_is_nobodys_matter() -> None:
    assert exposed_waits(Source("engine.sample", "async def run():\n    await work()\n")) == []


@pytest.mark.parametrize(
    "text", ["with CancelScope(shield=True):\n    pass\n", "scope.shield = True\n", "fail_after(inf, shield=True)\n"]
)
def test_a_shield_without_an_end_is_noticed(text: str) -> None:
    assert endless_shields(Source("engine.sample", text))
