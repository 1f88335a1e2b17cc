"""Bounds of the sequencer, apart from it: whoever reads a profile need not know the core. Part of `engine.config`."""

from __future__ import annotations

import msgspec


class Limits(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Bounds of the sequencer."""

    batch_most: int = 256
