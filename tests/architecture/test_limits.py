"""Everything has a limit, the code too: a function on one screen, a module in one sitting."""

from __future__ import annotations

import ast

from tests.architecture.tree import Source, matching, sources

FUNCTION_LINES = 60
MODULE_LINES = 500
CATALOGUES = {"actors/messages.py": 700}
"""What is looked up and not read through: every message stands in one file, so that none is overlooked."""

TREE = sources()


def long_functions(source: Source) -> list[str]:
    """Functions longer than the limit, decorators not counted."""
    return [
        f"{source.at(node.lineno)}: {node.name} has {length} lines; at most {FUNCTION_LINES}"
        for node in ast.walk(source.tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        for length in [(node.end_lineno or node.lineno) - node.lineno + 1]
        if length > FUNCTION_LINES
    ]


def long_module(source: Source) -> list[str]:
    """The module, when it is longer than the limit."""
    length, most = source.text.count("\n"), CATALOGUES.get(str(source.path), MODULE_LINES)
    return [f"{source.path} has {length} lines; at most {most}"] if length > most else []


def test_functions_that_decide_fit_on_a_screen() -> None:
    assert [line for source in matching(TREE, "actors/*", "statecharts/*") for line in long_functions(source)] == []


def test_modules_are_read_in_one_sitting() -> None:
    assert [line for source in TREE for line in long_module(source)] == []


def test_a_long_function_is_noticed() -> None:
    fits = "def f():\n" + "    x = 1\n" * (FUNCTION_LINES - 1)
    assert long_functions(Source("actors.good", fits)) == []
    assert long_functions(Source("actors.bad", fits + "    x = 1\n"))
    assert long_functions(
        Source("actors.bad", "class C:\n    async " + fits.replace("\n    ", "\n        ") + "        x = 1\n")
    )


def test_a_long_module_is_noticed() -> None:
    assert long_module(Source("engine.good", "x = 1\n" * MODULE_LINES)) == []
    assert long_module(Source("engine.bad", "x = 1\n" * (MODULE_LINES + 1)))
