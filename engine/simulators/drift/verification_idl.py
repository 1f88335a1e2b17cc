"""The program's interface, as the venue's SDK ships it: one JSON file, read without importing the SDK.

The coder that works by it is our own (`idl`); the SDK's is the other side's.
"""

from __future__ import annotations

from functools import cache
from importlib.util import find_spec
from pathlib import Path

import msgspec

from engine.simulators.drift.idl import Idl


@cache
def drift_idl() -> Idl:
    """The IDL of driftpy 0.8.89 (program 2.142). Raises ModuleNotFoundError without the SDK."""
    found = find_spec("driftpy")
    if found is None or found.origin is None:
        raise ModuleNotFoundError("driftpy")
    return read_idl(Path(found.origin).parent / "idl" / "drift.json")


def read_idl(path: Path) -> Idl:
    """Any Anchor IDL of the form before spec 0.1.0."""
    return Idl(msgspec.json.decode(path.read_bytes(), type=dict[str, object]))
