"""Where passwords and secrets come from: the terminal, without echo, or a file of its owner's.

Never from arguments, the environment or the configuration: other processes, histories and journals can read those.
"""

from __future__ import annotations

import getpass
import warnings
from collections.abc import Callable
from pathlib import Path

from engine.keys.key_file import KeyRefused
from engine.keys.permissions import read_private
from engine.keys.secret import Secret

PASSWORD_LEAST = 12
"""Characters of a new password. Files sealed with a shorter one are still opened."""


def ask(prompt: str, otherwise: str = "run this on one") -> Secret:
    """Ask on the terminal. Raises KeyRefused where there is none (`otherwise` says what to do), or nothing is typed."""
    with warnings.catch_warnings():
        # Without a terminal the library would warn, and then read and echo whatever standard input is.
        warnings.simplefilter("error", getpass.GetPassWarning)
        try:
            text = getpass.getpass(prompt).strip()
        except (getpass.GetPassWarning, EOFError, OSError):
            raise KeyRefused(f"this is typed on a terminal, and there is none; {otherwise}") from None
    if not text:
        raise KeyRefused("nothing was typed; nothing was done")
    return Secret(text)


def ask_twice(prompt: str) -> Secret:
    """Ask for a new password. Raises KeyRefused when it is too short, or the two differ."""
    first = long_enough(ask(prompt, "or name a file with --password-file"))
    if first != ask("the same again: "):
        raise KeyRefused("the two passwords differ; nothing was done")
    return first


def long_enough(password: Secret) -> Secret:
    """A new password. Raises KeyRefused for one that is guessed in an afternoon, whatever made its key slow."""
    length = len(password.reveal())
    if length < PASSWORD_LEAST:
        raise KeyRefused(
            f"the password has {length} characters; take {PASSWORD_LEAST} or more, such as four words drawn by dice, "
            "or --plain for a disk that is encrypted; nothing was done"
        )
    return password


def password_from(file: Path | None, prompt: str = "password of the key: ") -> Callable[[], Secret]:
    """A source for `store.open_key_file`: the file (its one line) where one is named, else the terminal."""
    if file is None:
        return lambda: ask(prompt, "or name a file: --password-file, in a profile password_file")
    named = file

    def read() -> Secret:
        try:
            return Secret(read_private(named).decode().rstrip("\r\n"))
        except ValueError as error:
            if isinstance(error, KeyRefused):
                raise
            raise KeyRefused(f"{named}: is not one line of text; put the password there") from None

    return read
