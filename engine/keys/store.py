"""Reading and writing key files. `permissions` says who may, `sealing` how they are encrypted."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from engine.keys.key_file import KeyFile, KeyRefused, SealedKey, check_extras
from engine.keys.permissions import read_private, write_private
from engine.keys.sealing import decoded, encoded, unseal
from engine.keys.secret import Secret


def read_key_file(path: Path) -> KeyFile | SealedKey:
    """What the file says, sealed or not; no password is needed. Raises KeyRefused."""
    data = read_private(path)
    with _named(path):
        return decoded(data)


def open_key_file(path: Path, password: Callable[[], Secret]) -> KeyFile:
    """The key itself; `password` is asked only for a sealed one. Raises KeyRefused."""
    found = read_key_file(path)
    if isinstance(found, SealedKey):
        typed = password()
        with _named(path):
            found = unseal(found, typed)
    with _named(path):
        check_extras(found, _in_the_file)
    return found


def write_key_file(path: Path, key: KeyFile | SealedKey) -> None:
    """Write a new file that only this user can read. Raises KeyRefused if there is one of that name."""
    write_private(path, encoded(key) + b"\n")


def _in_the_file(name: str) -> str:
    return f'"{name}" among the "extras" of the file'


@contextmanager
def _named(path: Path) -> Iterator[None]:
    """Refusals from inside say which file they are about."""
    try:
        yield
    except KeyRefused as refused:
        raise KeyRefused(f"{path}: {refused}") from None
