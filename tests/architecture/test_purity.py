"""What decides is pure: no clock, no chance, no file, no log, no order that differs from run to run."""

from __future__ import annotations

import ast
from collections.abc import Iterator

import pytest

from tests.architecture.tree import SDKS, Source, imports, matching, sources, within

PURE = (
    "actors/*",
    "statecharts/*",
    "engine/venues/*/codec*.py",
    "engine/venues/*/wire*.py",
    "engine/simulators/exchange/*",
)
SEEDED = ("engine/simulators/market/*",)
"""Pure but for chance, which comes from a seed."""

IMPURE = (
    *("trio", "anyio", "asyncio", "threading", "multiprocessing", "concurrent", "socket", "ssl", "subprocess"),
    *("time", "random", "secrets", "os", "logging", "structlog"),
    *("httpx", "requests", "aiohttp", "websockets", "prometheus_client", "rich", "cyclopts"),
    *(name for names in SDKS.values() for name in names),
)
CLOCKS = ("now", "utcnow", "today", "time_ns", "monotonic", "perf_counter", "uuid1", "uuid4", "urandom")
BUILTINS = ("open", "input", "print", "hash", "id", "eval", "exec", "globals")
"""Files, the terminal, and numbers that differ from process to process."""

SETS = ("set", "frozenset", "Set", "AbstractSet", "MutableSet", "FrozenSet")
ORDER_FREE = ("sorted", "set", "frozenset", "len", "any", "all", "min", "max", "bool")
"""What may consume a set: the result does not depend on the order (a rounded sum does)."""
IN_ORDER = ("list", "tuple", "iter", "enumerate", "zip", "map", "filter", "dict", "sum")
"""What takes its arguments one after the other."""
SET_METHODS = ("union", "intersection", "difference", "symmetric_difference")


def impure_imports(source: Source, allowed: tuple[str, ...] = ()) -> list[str]:
    """No clock, chance, log, task, socket or SDK; not even for a moment, inside a function."""
    forbidden = [name for name in IMPURE if name not in allowed]
    return [
        f"{source.at(found.line)}: what decides must not import {found.name}"
        for found in imports(source)
        if within(found.name, *forbidden) and not found.typing
    ]


def impure_calls(source: Source) -> list[str]:
    """Time and identity arrive in the message: no `now()`, no `uuid4()`, no `hash()` of a process's own."""
    return [
        f"{source.at(node.lineno)}: what decides must not call {ast.unparse(node.func)}()"
        for node in ast.walk(source.tree)
        if isinstance(node, ast.Call)
        for called in [_called(node)]
        if called in CLOCKS or (called in BUILTINS and isinstance(node.func, ast.Name))
    ]


def _called(node: ast.Call) -> str:
    match node.func:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
    return ""


def unseeded_chance(source: Source) -> list[str]:
    """Chance only from `random.Random(seed)`: not the module's own state, not an instance without a seed."""
    found = []
    for node in ast.walk(source.tree):
        match node:
            case ast.Attribute(value=ast.Name(id="random"), attr=name) if name != "Random":
                found.append(f"{source.at(node.lineno)}: random.{name} has no seed")
            case ast.ImportFrom(module="random", names=names) if any(alias.name != "Random" for alias in names):
                found.append(f"{source.at(node.lineno)}: import Random alone from random")
            case ast.Call(func=ast.Name(id="Random") | ast.Attribute(attr="Random"), args=[], keywords=[]):
                found.append(f"{source.at(node.lineno)}: Random() without a seed")
    return found


# Iterating over sets.


def set_walks(source: Source) -> list[str]:
    """No iteration over a set: its order of strings differs from process to process. Sort it first."""
    names = set_names(source.tree)
    excused = [node for outer in ast.walk(source.tree) for node in _excused(outer)]
    return [
        f"{source.at(walked.lineno)}: iterates over the set {ast.unparse(walked)}; sort it first"
        for node in ast.walk(source.tree)
        if not any(node is other for other in excused)
        for walked in _walked(node)
        if is_set(walked, names)
    ]


def set_names(tree: ast.AST) -> list[str]:
    """Names, arguments and attributes annotated as a set, or given one, anywhere in the module."""
    names: list[str] = []
    for _ in range(3):  # a set named after a set named after a set
        found = list(names)
        for node in ast.walk(tree):
            found += _set_names_of(node, names)
        names = list(dict.fromkeys(found))
    return names


def _set_names_of(node: ast.AST, known: list[str]) -> list[str]:
    match node:
        case ast.arg(arg=name, annotation=ast.expr() as kind) if _annotates_set(kind):
            return [name]
        case ast.AnnAssign(target=target, annotation=kind) if _annotates_set(kind):
            return _plain(target)
        case ast.Assign(targets=targets, value=value) if is_set(value, known):
            return [name for target in targets for name in _plain(target)]
        case ast.NamedExpr(target=target, value=value) if is_set(value, known):
            return _plain(target)
        case ast.FunctionDef(name=name, returns=ast.expr() as kind) if _annotates_set(kind):
            return [f"{name}()"]
    return []


def _plain(target: ast.expr) -> list[str]:
    match target:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return [name]
    return []


def _annotates_set(kind: ast.expr) -> bool:
    match kind:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name in SETS
        case ast.Subscript(value=value):
            return _annotates_set(value)
        case ast.BinOp(left=left, op=ast.BitOr(), right=right):
            return _annotates_set(left) or _annotates_set(right)
        case ast.Constant(value=str() as text):
            return _annotates_set(ast.parse(text, mode="eval").body)
    return False


def is_set(node: ast.expr, names: list[str]) -> bool:
    """True when an expression is a set by its form, or by a name known to be one."""
    match node:
        case ast.Set() | ast.SetComp() | ast.Call(func=ast.Name(id="set" | "frozenset")):
            return True
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name in names
        case ast.Call(func=ast.Attribute(value=value, attr=method)) if method in (*SET_METHODS, "copy"):
            return method in SET_METHODS or is_set(value, names)
        case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name)):
            return f"{name}()" in names
        case ast.BinOp(left=left, op=ast.BitOr() | ast.BitAnd() | ast.Sub() | ast.BitXor(), right=right):
            return is_set(left, names) or is_set(right, names)
        case ast.IfExp(body=body, orelse=orelse):
            return is_set(body, names) or is_set(orelse, names)
    return False


def _walked(node: ast.AST) -> Iterator[ast.expr]:
    """The expressions a node takes one after the other."""
    match node:
        case ast.For(iter=walked) | ast.AsyncFor(iter=walked) | ast.YieldFrom(value=walked):
            yield walked
        case ast.ListComp() | ast.DictComp() | ast.GeneratorExp():
            yield from (part.iter for part in node.generators)
        case ast.Starred(value=walked, ctx=ast.Load()):
            yield walked
        case ast.Call(func=ast.Name(id=name), args=args) if name in IN_ORDER:
            yield from args
        case ast.Call(func=ast.Attribute(value=ast.expr() as owner, attr="pop"), args=[]):
            yield owner
        case ast.Call(func=ast.Attribute(attr="join" | "extend" | "fromkeys"), args=args):
            yield from args


def _excused(node: ast.AST) -> list[ast.AST]:
    """What a set walked through ends in something without order."""
    match node:
        case ast.Call(func=ast.Name(id=name), args=args) if name in ORDER_FREE:
            return [arg for arg in args if isinstance(arg, ast.GeneratorExp | ast.ListComp | ast.Starred)]
        case ast.Set(elts=elements):
            return [element for element in elements if isinstance(element, ast.Starred)]
    return []


# The tree.

TREE = sources()
PURE_TREE = matching(TREE, *PURE)
SEEDED_TREE = matching(TREE, *SEEDED)


def test_what_decides_imports_nothing_impure() -> None:
    assert [line for source in PURE_TREE for line in impure_imports(source)] == []
    assert [line for source in SEEDED_TREE for line in impure_imports(source, allowed=("random",))] == []


def test_what_decides_calls_no_clock_and_no_terminal() -> None:
    assert [line for source in (*PURE_TREE, *SEEDED_TREE) for line in impure_calls(source)] == []


def test_chance_has_a_seed() -> None:
    assert [line for source in SEEDED_TREE for line in unseeded_chance(source)] == []


def test_what_decides_iterates_over_no_set() -> None:
    assert [line for source in (*PURE_TREE, *SEEDED_TREE) for line in set_walks(source)] == []


def test_the_pure_rooms_are_read() -> None:
    for pattern in ("actors/*", "statecharts/*"):
        assert matching(PURE_TREE, pattern)


# Every rule can fail.


@pytest.mark.parametrize(
    "text",
    [
        "import trio",
        "def f():\n    from time import monotonic",
        "import os.path",
        "from logging import getLogger",
        "from random import Random",
        "import nacl.signing",
        "__import__('time')",
    ],
)
def test_an_impure_import_is_noticed(text: str) -> None:
    assert impure_imports(Source("actors.bad", text))


@pytest.mark.parametrize("text", ["import timeit", "from decimal import Decimal", "import hashlib"])
def test_a_pure_import_passes(text: str) -> None:
    assert impure_imports(Source("actors.good", text)) == []


@pytest.mark.parametrize(
    "text",
    ["datetime.now(UTC)", "date.today()", "uuid4()", "uuid.uuid4()", "open('x')", "hash('x')", "print(1)", "x = id(y)"],
)
def test_a_clock_or_a_file_is_noticed(text: str) -> None:
    assert impure_calls(Source("actors.bad", text))


def test_a_method_of_our_own_may_be_called_like_a_builtin() -> None:
    assert impure_calls(Source("actors.good", "book.open()\nrow.id\norder.hash()")) == []


@pytest.mark.parametrize(
    "text",
    ["random.random()", "x = random.choice([1])", "from random import random", "Random()", "random.SystemRandom()"],
)
def test_chance_without_a_seed_is_noticed(text: str) -> None:
    assert unseeded_chance(Source("engine.simulators.market.bad", text))


def test_chance_with_a_seed_passes() -> None:
    text = "import random\nx = random.Random(seed)\ny = x.random()"
    assert unseeded_chance(Source("engine.simulators.market.good", text)) == []


@pytest.mark.parametrize(
    "text",
    [
        "for x in {1, 2}: pass",
        "for x in set(y): pass",
        "[x for x in frozenset(y)]",
        "{x: 1 for x in {y for y in z}}",
        "names = {1}\nfor x in names: pass",
        "names: set[str] = f()\nlist(names)",
        "def f(names: frozenset[str]):\n    return tuple(names)",
        "def f(names: set[str] | None):\n    return [x for x in names]",
        "def f(names: 'set[str]'):\n    return [*names]",
        "class C:\n    seen: set[str]\n    def f(self):\n        return ','.join(self.seen)",
        "a = {1}\nb = a | c\nd = b\nfor x in d: pass",
        "def f() -> set[str]: ...\nfor x in f(): pass",
        "seen = set()\nseen.pop()",
        "next(iter({1}))",
        "for x in a.union(b): pass",
        "for at, x in enumerate({1}): pass",
        "x = [*{1}]",
        "names = {1}\nsum(x for x in names)",
        "def f():\n    yield from {1}",
    ],
)
def test_iterating_over_a_set_is_noticed(text: str) -> None:
    assert set_walks(Source("actors.bad", text))


@pytest.mark.parametrize(
    "text",
    [
        "for x in sorted({1, 2}): pass",
        "names = {1}\nfor x in sorted(names): pass",
        "names = {1}\nany(x > 1 for x in names)",
        "names = {1}\nsorted(x for x in names)",
        "names = {1}\n{x + 1 for x in names}",
        "names = {1}\nx = 1 in names or len(names)",
        "names = {*a, 1}\nnames.add(2)",
        "for x in [1]: pass",
        "x = {}\nfor y in x: pass\nx.pop('a')",
        "stack = [1]\nstack.pop()",
    ],
)
def test_order_free_uses_of_a_set_pass(text: str) -> None:
    assert set_walks(Source("actors.good", text)) == []
