"""Where passwords come from."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from engine.config import ROOT
from engine.keys import KeyRefused, Secret, password_from
from engine.keys.passwords import PASSWORD_LEAST, long_enough
from engine.keys.permissions import write_private
from tests.engine.keys.samples import PASSWORD, leaks
from tests.engine.keys.terminal import at_terminal

ASK = "from engine.keys.passwords import ask, ask_twice; from engine.keys import KeyRefused\n"


def test_a_password_file_gives_its_line(tmp_path: Path) -> None:
    write_private(tmp_path / "p", PASSWORD.encode() + b"\n")
    assert password_from(tmp_path / "p")() == Secret(PASSWORD)


@pytest.mark.parametrize("text", [b"", b"\n", b"\xff"])
def test_a_file_without_a_password_is_refused(tmp_path: Path, text: bytes) -> None:
    write_private(tmp_path / "p", text)
    with pytest.raises(KeyRefused, match="is not one line of text"):
        password_from(tmp_path / "p")()


def test_a_password_file_that_others_can_read_is_refused(tmp_path: Path) -> None:
    write_private(tmp_path / "p", b"x")
    (tmp_path / "p").chmod(0o640)
    with pytest.raises(KeyRefused, match="run: chmod 600"):
        password_from(tmp_path / "p")()


def test_what_is_typed_does_not_show() -> None:
    session = at_terminal(ASK + "print(len(ask('secret: ').reveal()))", typed=(PASSWORD,))
    assert (session.code, session.out) == (0, f"{len(PASSWORD)}\n")
    assert session.screen.startswith("secret: ")
    assert leaks(session.screen) == []


def test_a_new_password_is_typed_twice() -> None:
    script = ASK + "try: print(ask_twice('new: '))\nexcept KeyRefused as refused: print(refused)"
    assert at_terminal(script, typed=(PASSWORD, PASSWORD)).out == "<secret>\n"
    other = PASSWORD + "?"
    assert at_terminal(script, typed=(PASSWORD, other)).out == "the two passwords differ; nothing was done\n"


def test_a_new_password_is_long_enough_or_refused_with_a_remedy() -> None:
    assert long_enough(Secret("x" * PASSWORD_LEAST)) == Secret("x" * PASSWORD_LEAST)
    for length in (1, PASSWORD_LEAST - 1):
        with pytest.raises(KeyRefused, match=rf"has {length} characters; take {PASSWORD_LEAST} or more, such as four"):
            long_enough(Secret("x" * length))
    script = ASK + "try: ask_twice('new: ')\nexcept KeyRefused as refused: print(refused)"
    assert at_terminal(script, typed=("ab",)).out.startswith("the password has 2 characters")


def test_nothing_typed_is_nothing() -> None:
    script = ASK + "try: ask('secret: ')\nexcept KeyRefused as refused: print(refused)"
    assert at_terminal(script, typed=("",)).out == "nothing was typed; nothing was done\n"


def test_without_a_terminal_nothing_is_read_from_standard_input() -> None:
    """It might be echoed, or be the end of a pipe in a shell's history."""
    script = ASK + "try: ask('secret: ')\nexcept KeyRefused as refused: print(refused)"
    ended = subprocess.run(
        [sys.executable, "-c", script],
        input=PASSWORD,
        capture_output=True,
        text=True,
        cwd=ROOT,
        start_new_session=True,
        check=True,
        timeout=30,
        env=os.environ,
    )
    assert "typed on a terminal, and there is none; run this on one" in ended.stdout
    assert ended.stderr == ""
