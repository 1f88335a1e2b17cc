"""The program's IDL as driftpy ships it, read once. The `sdk*` rooms and `signing*` alone know driftpy here.

Accounts, events and instructions of a Solana program are its own binary formats: the SDK's coder reads and writes
them, at the edge, so that everything behind (`codec*`, `ledger`) sees plain values.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from anchorpy.coder.coder import Coder
    from anchorpy_core.idl import Idl


def idl_path(idl_file: str) -> Path:
    """Where an IDL is; that of driftpy for ""."""
    import driftpy

    return Path(idl_file) if idl_file else Path(driftpy.__path__[0]) / "idl" / "drift.json"


@lru_cache(maxsize=4)
def idl_of(idl_file: str) -> Idl:
    """The IDL in a file. Raises OSError, or ValueError for one that cannot be read."""
    from anchorpy_core.idl import Idl

    return Idl.from_json(idl_path(idl_file).read_text(encoding="utf-8"))


@lru_cache(maxsize=4)
def coder_of(idl_file: str) -> Coder:
    """The coder of an IDL's accounts, events and instructions."""
    from anchorpy.coder.coder import Coder

    return Coder(idl_of(idl_file))


def word_of(variant: object) -> str:
    """The name of an enum's variant, as the IDL spells it."""
    return type(variant).__name__
