"""Mutants of the code that decides, made and tried by mutmut in a scratch copy of the tree.

What is mutated and which tests judge it stands in `pyproject.toml` (`tool.mutmut`); mutants that break the types are
caught by mypy. The scratch copy is kept between runs, so that only what changed, and what was not caught, is tried
again. Counterparts: `charts`, for what is data; `report`.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

COPIED = ("actors", "bench", "config", "engine", "statecharts", "tests", "pyproject.toml")
NOT_CAUGHT = {0: "survived", 5: "no test reaches it", 33: "no test reaches it"}
"""What mutmut's exit codes mean for a mutant that no test has failed on; one that never ends is caught."""
LITERAL = re.compile(r'"[^"]*"')


class Tried(NamedTuple):
    """A mutant of the code: its function and what was changed there; `state` is empty when it was caught."""

    name: str
    state: str
    words_only: bool = False


def try_code(root: Path, scratch: Path, *, jobs: int, minutes: float, only: str) -> list[Tried]:
    """Everything that was tried within so many minutes; `only` is a pattern of mutmut's names ("actors.actor*").

    Raises RuntimeError when mutmut could not begin, mostly because a test fails without any mutant.
    """
    _copy(root, scratch)
    _try_again(scratch)
    command = [sys.executable, "-m", "mutmut", "run", "--max-children", str(jobs), *([only] if only else [])]
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"
    process = subprocess.Popen(command, cwd=scratch, env={**os.environ, "PATH": path}, stdout=sys.stderr)
    try:
        code = process.wait(minutes * 60)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGINT)
        code = process.wait()
    tried = list(_results(scratch))
    if code and not tried:
        raise RuntimeError(f"mutmut ended with {code} before it tried anything; what it said stands above")
    return tried


def _copy(root: Path, scratch: Path) -> None:
    """The tree as it is now; unchanged files keep their times, by which mutmut knows them."""
    for name in COPIED:
        source, target = root / name, scratch / name
        if source.is_dir():
            shutil.rmtree(target, ignore_errors=True)
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            scratch.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, target)


def _try_again(scratch: Path) -> None:
    """What was not caught is tried again, since the tests may have changed."""
    (scratch / "mutants" / "mutmut-stats.json").unlink(missing_ok=True)
    for path in _metas(scratch):
        meta = json.loads(path.read_text(encoding="utf-8"))
        codes = meta["exit_code_by_key"]
        meta["exit_code_by_key"] = {key: None if code in NOT_CAUGHT else code for key, code in codes.items()}
        path.write_text(json.dumps(meta, indent=4), encoding="utf-8")


def _metas(scratch: Path) -> list[Path]:
    return sorted((scratch / "mutants").rglob("*.py.meta"))


def _results(scratch: Path) -> Iterator[Tried]:
    with contextlib.chdir(scratch):
        for path in _metas(scratch):
            codes = json.loads(path.read_text(encoding="utf-8"))["exit_code_by_key"]
            source = path.relative_to(scratch / "mutants").with_suffix("")
            for key, code in codes.items():
                state = NOT_CAUGHT.get(code, "")
                if code is not None:
                    yield _described(key, source, state) if state else Tried(key, "")


def _described(key: str, source: Path, state: str) -> Tried:
    from mutmut.mutation.diff_apply import get_diff_for_mutant

    return describe(key, get_diff_for_mutant(key, path=source), state)


def describe(key: str, difference: str, state: str) -> Tried:
    """A name that stays when lines move and mutants are added: the function, what it said, and what it says now."""
    function = re.sub(r"__mutmut_\d+$", "", key).replace("x_", "", 1).replace("xǁ", "").replace("ǁ", ".")
    lines = [line for line in difference.splitlines() if not line.startswith(("---", "+++", "@@"))]
    taken = " ".join(line[1:].strip() for line in lines if line.startswith("-"))
    put = " ".join(line[1:].strip() for line in lines if line.startswith("+"))
    return Tried(f"{function}: {taken} -> {put}", state, _words_only(taken, put))


def _words_only(taken: str, put: str) -> bool:
    """Whether the mutant changes nothing but a text for people: a literal with a space in it."""
    if LITERAL.sub('""', taken) != LITERAL.sub('""', put):
        return False
    pairs = zip(LITERAL.findall(taken), LITERAL.findall(put), strict=True)
    return all(" " in one for one, other in pairs if one != other)
