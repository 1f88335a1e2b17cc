"""A person at a terminal: a process of its own with a terminal of its own, and what is typed there."""

from __future__ import annotations

import os
import pty
import select
import subprocess
import sys
from typing import NamedTuple

from engine.config import ROOT

ENTER = "import os, sys; os.open(sys.argv.pop(1), os.O_RDWR); "
"""A process that leads its session gets the first terminal it opens."""
CLI = "from engine.cli import main; main(sys.argv[1:])"
PATIENCE_S = 30


class Session(NamedTuple):
    """How it ended, what stood on the terminal, and what was written to the outputs."""

    code: int
    screen: str
    out: str
    err: str


def at_terminal(script: str, *arguments: object, typed: tuple[str, ...] = ()) -> Session:
    """Run Python code; each text is typed when a question that ends in ": " has been asked."""
    ours, theirs = pty.openpty()
    command = [sys.executable, "-c", ENTER + script, os.ttyname(theirs), *map(str, arguments)]
    pipes = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen(command, cwd=ROOT, start_new_session=True, **pipes) as process:  # type: ignore[call-overload]
        screen = b""
        for text in typed:
            screen += _until_asked(ours)
            os.write(ours, text.encode() + b"\n")
        out, err = process.communicate(timeout=PATIENCE_S)
    screen += _rest(ours)
    os.close(ours)
    os.close(theirs)
    return Session(process.returncode, screen.decode(), out.decode(), err.decode())


def _until_asked(terminal: int) -> bytes:
    seen = b""
    while not seen.endswith(b": "):
        ready, _, _ = select.select([terminal], [], [], PATIENCE_S)
        assert ready, f"nothing was asked; the terminal shows {seen!r}"
        seen += os.read(terminal, 4096)
    return seen


def _rest(terminal: int) -> bytes:
    seen = b""
    while select.select([terminal], [], [], 0)[0]:
        seen += os.read(terminal, 4096)
    return seen
