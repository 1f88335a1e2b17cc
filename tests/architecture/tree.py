"""The tree as text and syntax: sources, their imports, and who reaches whom. Nothing of it is executed."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from fnmatch import fnmatch
from functools import cache
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("statecharts", "actors", "engine")

SDKS: dict[str, tuple[str, ...]] = {
    "hyperliquid": ("hyperliquid", "eth_account", "eth_utils", "eth_keys", "coincurve"),
    "pacifica": ("nacl", "base58"),
    "lighter": ("lighter",),
    "drift": ("driftpy", "anchorpy", "solana", "solders"),
}
"""What only a venue's signing may import; one import name may serve several venues."""


@cache
def _parsed(text: str) -> ast.Module:
    return ast.parse(text)


class Source(NamedTuple):
    """One module: its dotted name, its text, and whether it is a package's `__init__`."""

    name: str
    text: str
    package: bool = False

    @property
    def tree(self) -> ast.Module:
        """The syntax tree; the same object each time."""
        return _parsed(self.text)

    @property
    def parts(self) -> list[str]:
        """The dotted name, taken apart."""
        return self.name.split(".")

    @property
    def path(self) -> str:
        """The file's path from the root, with slashes."""
        return self.name.replace(".", "/") + ("/__init__.py" if self.package else ".py")

    def at(self, line: int) -> str:
        """A place people can open."""
        return f"{self.path}:{line}"


class Import(NamedTuple):
    """One imported name. `lazy` stands inside a function, `typing` under `if TYPE_CHECKING`."""

    name: str
    line: int
    lazy: bool
    typing: bool


def sources(root: Path = ROOT, packages: Iterable[str] = PACKAGES) -> list[Source]:
    """All modules of the packages, in the order of their paths."""
    paths = [path for package in packages for path in sorted((root / package).rglob("*.py"))]
    return [_read(root, path) for path in paths]


def _read(root: Path, path: Path) -> Source:
    parts = path.relative_to(root).with_suffix("").parts
    package = parts[-1] == "__init__"
    return Source(".".join(parts[:-1] if package else parts), path.read_text(encoding="utf-8"), package)


def matching(found: Iterable[Source], *patterns: str) -> list[Source]:
    """The sources whose path fits one of the patterns (`*` also spans slashes)."""
    return [source for source in found if any(fnmatch(source.path, pattern) for pattern in patterns)]


def within(name: str, *roots: str) -> bool:
    """True when a dotted name is one of the roots or below it."""
    return any(name == root or name.startswith(f"{root}.") for root in roots)


def imports(source: Source) -> list[Import]:
    """Everything imported anywhere; `from a import b` counts as `a.b`, since `b` may be a module."""
    return list(_walk(source, source.tree, lazy=False, typing=False))


def _walk(source: Source, node: ast.AST, *, lazy: bool, typing: bool) -> Iterator[Import]:
    for name in _names(source, node):
        yield Import(name, getattr(node, "lineno", 0), lazy, typing)
    inside = lazy or isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
    checking = isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)
    guarded = node.body if isinstance(node, ast.If) and checking else []
    for child in ast.iter_child_nodes(node):
        yield from _walk(source, child, lazy=inside, typing=typing or child in guarded)


def _names(source: Source, node: ast.AST) -> list[str]:
    match node:
        case ast.Import():
            return [alias.name for alias in node.names]
        case ast.ImportFrom():
            base = _base(source, node)
            return [f"{base}.{alias.name}" if alias.name != "*" else base for alias in node.names]
        case ast.Call(func=ast.Name(id="__import__") | ast.Name(id="import_module")):
            return _constant(node)
        case ast.Call(func=ast.Attribute(attr="import_module")):
            return _constant(node)
    return []


def _constant(call: ast.Call) -> list[str]:
    first = call.args[0] if call.args else None
    return [first.value] if isinstance(first, ast.Constant) and isinstance(first.value, str) else []


def _base(source: Source, node: ast.ImportFrom) -> str:
    if not node.level:
        return node.module or ""
    keep = len(source.parts) - node.level + source.package
    return ".".join([*source.parts[:keep], *([node.module] if node.module else [])])


def reached(start: str, found: Iterable[Source]) -> dict[str, str]:
    """Every name that is imported when `start` is, with the module that imports it.

    Follows what runs on import: module-level imports and the packages' `__init__`, not lazy or typing imports.
    """
    known = {source.name: source for source in found}
    via: dict[str, str] = {}
    frontier = [start] if start in known else []
    while frontier:
        source = known[frontier.pop()]
        for name in _executed(source):
            if name not in via:
                via[name] = source.name
                frontier += [name] if name in known else []
    return via


def _executed(source: Source) -> list[str]:
    """The names a module imports when it is imported, each with all the packages above it."""
    names = [source.name, *(found.name for found in imports(source) if not (found.lazy or found.typing))]
    return [".".join(name.split(".")[:end]) for name in names for end in range(1, name.count(".") + 2)]
