"""Who uses the key files of simulated venues: one `perp2perp simulate` at a time, as long as its process lives.

The lock is the operating system's, so a process that was killed leaves none behind; the file that carries it stays.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

from actors.domain import Venue
from engine.errors import UserError
from engine.file_lock import Taken, locked


class KeysInUse(UserError):
    """Another process serves venues with these key files; the text names it and the way out."""


@contextmanager
def keys_held(key_files: Mapping[Venue, Path]) -> Iterator[None]:
    """Hold the key files of these venues; raises KeysInUse when another process does."""
    with ExitStack() as held:
        for venue, key_file in key_files.items():
            key_file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            held.enter_context(_held(key_file, venue))
        yield


@contextmanager
def _held(key_file: Path, venue: Venue) -> Iterator[None]:
    with ExitStack() as held:
        try:
            held.enter_context(locked(key_file.with_name(f".{venue.value}.lock"), str(os.getpid())))
        except Taken as taken:
            holder = taken.holder or "of unknown number"
            raise KeysInUse(
                f"{key_file}: is in use by another `perp2perp simulate` (process {holder}); interrupt that one first, "
                "or name another directory with --keys and another --port"
            ) from taken
        yield
