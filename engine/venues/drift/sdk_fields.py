"""Chosen fields of an account, read at their places by the IDL. Counterpart: `sdk_accounts`, which says which.

The SDK's coder makes objects of a whole account, half a millisecond each: too much for markets, whose bytes change
with every reading. Only accounts of a fixed size can be read so.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from engine.venues.drift.sdk_coder import idl_path

DISCRIMINATOR_BYTES = 8
_INTEGERS = {
    "bool": "<?",
    "u8": "<B",
    "i8": "<b",
    "u16": "<H",
    "i16": "<h",
    "u32": "<I",
    "i32": "<i",
    "u64": "<Q",
    "i64": "<q",
}
_WIDE = {"u128": False, "i128": True}
Read = Callable[[bytes], Any]


class Fields:
    """Named fields ("amm.oracle") of one kind of account."""

    def __init__(self, idl_file: str, account: str, names: Sequence[str]) -> None:
        """Raises OSError for an IDL that is not there, KeyError for an account or a field it does not have."""
        idl = json.loads(idl_path(idl_file).read_text(encoding="utf-8"))
        places = _Places({row["name"]: row["type"] for row in idl["types"]})
        fields = next(row["type"]["fields"] for row in idl["accounts"] if row["name"] == account)
        self._size = places.struct("", fields, DISCRIMINATOR_BYTES)
        self._names = tuple(names)
        self._reads = tuple(places.reads[name] for name in names)

    def read(self, raw: bytes) -> dict[str, Any]:
        """Integers, words of enums, base58 of keys, bytes. Raises ValueError for too few bytes or an unknown word."""
        if len(raw) < self._size:
            raise ValueError(f"{len(raw)} bytes, not {self._size}")
        return {name: read(raw) for name, read in zip(self._names, self._reads, strict=True)}


class _Places:
    """Walks through types; `reads` has whatever can be read, by its dotted name."""

    def __init__(self, types: Mapping[str, Any]) -> None:
        self._types = types
        self.reads: dict[str, Read] = {}

    def struct(self, prefix: str, fields: Sequence[Mapping[str, Any]], at: int) -> int:
        """Note the places of fields that begin at `at`; returns where they end."""
        for field in fields:
            at = self._one(prefix + field["name"], field["type"], at)
        return at

    def _one(self, name: str, kind: Any, at: int) -> int:
        match kind:
            case "publicKey":
                self.reads[name] = _key(at)
                return at + 32
            case {"array": ["u8", int(count)]}:
                self.reads[name] = lambda raw: raw[at : at + count]
                return at + count
            case {"array": [item, int(count)]}:
                return at + count * _Places(self._types).struct("", ({"name": "", "type": item},), 0)
            case {"defined": str(defined)}:
                return self._defined(name, self._types[defined], at)
            case str() if kind in _WIDE:
                self.reads[name] = _wide(at, signed=_WIDE[kind])
                return at + 16
        form = struct.Struct(_INTEGERS[kind])
        self.reads[name] = lambda raw: form.unpack_from(raw, at)[0]
        return at + form.size

    def _defined(self, name: str, kind: Mapping[str, Any], at: int) -> int:
        if kind["kind"] == "struct":
            return self.struct(f"{name}.", kind["fields"], at)
        self.reads[name] = _word(at, tuple(variant["name"] for variant in kind["variants"]))
        return at + 1


def _key(at: int) -> Read:
    from solders.pubkey import Pubkey

    return lambda raw: str(Pubkey.from_bytes(raw[at : at + 32]))


def _wide(at: int, *, signed: bool) -> Read:
    return lambda raw: int.from_bytes(raw[at : at + 16], "little", signed=signed)


def _word(at: int, words: tuple[str, ...]) -> Read:
    def read(raw: bytes) -> str:
        if raw[at] >= len(words):
            raise ValueError(f"an enum of {len(words)} words has the number {raw[at]}")
        return words[raw[at]]

    return read
