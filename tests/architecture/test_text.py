"""The project is the same on every machine: no text names a machine's folders or a package registry."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.architecture.tree import ROOT

SKIPPED = ("build", "dist", "htmlcov", "runs", "__pycache__", "node_modules")
"""Folders of other people's or of no lasting text; those that begin with a dot are skipped too, save `.ci`."""
UNREAD = ("requirements.lock", "uv.lock")

MACHINE_PATH = re.compile(r"(?<![\w.~-])/(?:work|root|home|Users)/")
REGISTRY = re.compile(
    r"pypi\.org|pythonhosted\.org|npmjs\.(?:org|com)|crates\.io/api|proxy\.golang\.org|conda\.anaconda\.org"
    r"|https?://\S*/simple\b|index-url[= ]+\S*://",
    re.IGNORECASE,
)


def texts(root: Path) -> Iterator[tuple[str, str]]:
    """Every text file of the project, by path from the root; what is not UTF-8 is no text."""
    for path in sorted(root.iterdir()):
        if path.is_dir():
            if path.name == ".ci" or not (path.name.startswith(".") or path.name in SKIPPED or _built(path)):
                yield from ((f"{path.name}/{name}", text) for name, text in texts(path))
        elif path.name not in UNREAD:
            try:
                yield path.name, path.read_text(encoding="utf-8")
            except UnicodeDecodeError:
                continue


def _built(path: Path) -> bool:
    return path.name.endswith(".egg-info")


def addresses(name: str, text: str) -> list[str]:
    """Lines that name a folder of a machine or the address of a registry."""
    return [
        f"{name}:{number}: names {found[0]!r}"
        for number, line in enumerate(text.splitlines(), start=1)
        for found in (MACHINE_PATH.search(line), REGISTRY.search(line))
        if found
    ]


def test_no_text_names_a_machine_s_folder_or_a_registry() -> None:
    assert [line for name, text in texts(ROOT) for line in addresses(name, text)] == []


@pytest.mark.parametrize("folder", ["work", "root", "home"])
@pytest.mark.parametrize("before", ["", "see ", '"', "(", "file://", "path="])
def test_a_machine_s_folder_is_noticed(folder: str, before: str) -> None:
    assert addresses("a.py", f"x = 1\n{before}/{folder}/main") == [f"a.py:2: names '/{folder}/'"]


@pytest.mark.parametrize(
    "line",
    [
        "https://" + "pypi" + ".org/project/trio",
        "https://files." + "pythonhosted" + ".org/x",
        "--index" + "-url http://127.0.0.1/x",
        "http://mirror.example:3141/ro" + "ot/simple",
    ],
)
def test_a_registry_is_noticed(line: str) -> None:
    assert addresses("a.md", line)


@pytest.mark.parametrize(
    "line",
    [
        "tests/wo" + "rk/a.py",
        "https://example.org/home/index.html",
        "a homework/x",
        "--no-emit-index-url",
        "PyPI",
        "./ro" + "ot/",
    ],
)
def test_other_text_passes(line: str) -> None:
    assert addresses("a.md", line) == []


def test_all_folders_of_the_project_are_read(tmp_path: Path) -> None:
    for name in ("engine/a.py", ".ci/run", "docs/b.md", ".venv/c.py", "runs/d.jsonl", "requirements.lock"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("x")
    (tmp_path / "engine" / "picture.png").write_bytes(b"\xff\xfe\x00")
    assert [name for name, _ in texts(tmp_path)] == [".ci/run", "docs/b.md", "engine/a.py"]
