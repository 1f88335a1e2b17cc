"""The program's IDL as driftpy ships it, read once. The `sdk*` rooms and `signing*` alone know driftpy here.

Accounts, events and instructions of a Solana program are its own binary formats: the SDK's coder reads and writes
them, at the edge, so that everything behind (`codec*`, `ledger`) sees plain values.
"""

from __future__ import annotations

import hashlib
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from engine.venues.drift.settings import DriftProgram

if TYPE_CHECKING:
    from anchorpy.coder.coder import Coder
    from anchorpy_core.idl import Idl


def load_sdk() -> None:
    """Import what the `sdk*` rooms will need: a second or more in which nothing else runs, so while nobody waits."""
    import anchorpy
    import driftpy.drift_client

    assert anchorpy, driftpy
    coder_of("")


def idl_path(idl_file: str) -> Path:
    """Where an IDL is; that of driftpy for ""."""
    import driftpy

    return Path(idl_file) if idl_file else Path(driftpy.__path__[0]) / "idl" / "drift.json"


@lru_cache(maxsize=4)
def idl_bytes(idl_file: str) -> bytes:
    """A file is read once in a process: what was checked is what is used. Raises OSError."""
    return idl_path(idl_file).read_bytes()


@lru_cache(maxsize=4)
def idl_of(idl_file: str) -> Idl:
    """The IDL in a file. Raises OSError, or ValueError for one that cannot be read."""
    from anchorpy_core.idl import Idl

    return Idl.from_json(idl_bytes(idl_file).decode())


@lru_cache(maxsize=4)
def coder_of(idl_file: str) -> Coder:
    """The coder of an IDL's accounts, events and instructions."""
    from anchorpy.coder.coder import Coder

    return Coder(idl_of(idl_file))


@lru_cache(maxsize=4)
def checked_coder(program: DriftProgram) -> Coder:
    """The coder of a program's IDL. Raises OSError, or ValueError for another digest than the program's."""
    found = hashlib.sha256(idl_bytes(program.idl_file)).hexdigest()
    if found != program.idl_sha256:
        raise ValueError(f"{program.idl_file or 'the IDL of driftpy'} has sha256 {found}, not {program.idl_sha256}")
    return coder_of(program.idl_file)


def word_of(variant: object) -> str:
    """The name of an enum's variant, as the IDL spells it."""
    return type(variant).__name__
