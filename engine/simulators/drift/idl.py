"""A program's interface by its Anchor IDL (spec before 0.1.0): accounts, events, instructions and errors. Pure.

Structs are mappings in the IDL's own spelling. The venue's SDK has a coder of its own, against which tests hold this
one. How the types are written: `borsh`.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from typing import Any

from engine.simulators.drift.borsh import (
    Array,
    BorshError,
    Bytes,
    Integer,
    Layout,
    Maybe,
    Struct,
    Truth,
    Variant,
    Vector,
    Wide,
)

DISCRIMINATOR_LENGTH = 8
_INTEGERS = {"u8": "<B", "i8": "<b", "u16": "<H", "i16": "<h", "u32": "<I", "i32": "<i", "u64": "<Q", "i64": "<q"}
_WIDE = {"u128": False, "i128": True}


class Idl:
    """A program's interface: layouts of its accounts, events and instructions with their discriminators."""

    def __init__(self, text: Mapping[str, Any]) -> None:
        """`text` is the decoded JSON of the IDL."""
        self._types = {row["name"]: row["type"] for row in text["types"]}
        self._known: dict[str, Layout] = {}
        self._accounts = {row["name"]: row["type"]["fields"] for row in text["accounts"]}
        self._events = {row["name"]: row["fields"] for row in text["events"]}
        self._instructions = {_discriminator("global", _snake(row["name"])): row for row in text["instructions"]}
        self._errors = {row["name"]: (int(row["code"]), str(row.get("msg", row["name"]))) for row in text["errors"]}
        self._structs: dict[tuple[str, str], tuple[bytes, Struct]] = {}

    def account(self, name: str, value: Mapping[str, Any]) -> bytes:
        """An account of the program, discriminator first. Raises KeyError for an unknown name, BorshError."""
        return self._written("account", name, self._accounts[name], value)

    def event(self, name: str, value: Mapping[str, Any]) -> bytes:
        """An event as the program logs it, discriminator first. Raises as `account` does."""
        return self._written("event", name, self._events[name], value)

    def instruction(self, data: bytes) -> tuple[str, dict[str, Any]] | None:
        """Name (as in the IDL) and arguments; None for no instruction of the program. Raises BorshError."""
        row = self._instructions.get(data[:DISCRIMINATOR_LENGTH])
        if row is None:
            return None
        values, _ = self._struct("global", row["name"], row["args"])[1].read(data, DISCRIMINATOR_LENGTH)
        return row["name"], values

    def accounts_of(self, instruction: str) -> tuple[str, ...]:
        """The named accounts of an instruction, in order."""
        row = self._instructions[_discriminator("global", _snake(instruction))]
        return tuple(account["name"] for account in row["accounts"])

    def error(self, name: str) -> tuple[int, str]:
        """Number and text of one of the program's errors."""
        return self._errors[name]

    def _written(self, kind: str, name: str, fields: Any, value: Mapping[str, Any]) -> bytes:
        head, layout = self._struct(kind, name, fields)
        out = bytearray(head)
        layout.write(out, value)
        return bytes(out)

    def _struct(self, kind: str, name: str, fields: Any) -> tuple[bytes, Struct]:
        if (kind, name) not in self._structs:
            self._structs[kind, name] = (_discriminator(kind, name), self._fields(fields))
        return self._structs[kind, name]

    def _fields(self, fields: Any) -> Struct:
        return Struct(tuple((field["name"], self._layout(field["type"])) for field in fields))

    def _layout(self, kind: Any) -> Layout:
        match kind:
            case "bool":
                return Truth()
            case "publicKey":
                return Bytes(32)
            case str() if kind in _WIDE:
                return Wide(signed=_WIDE[kind])
            case str() if kind in _INTEGERS:
                return Integer(_INTEGERS[kind])
            case {"array": ["u8", int(count)]}:
                return Bytes(count)
            case {"array": [item, int(count)]}:
                return Array(self._layout(item), count)
            case {"option": item}:
                return Maybe(self._layout(item))
            case {"vec": item}:
                return Vector(self._layout(item))
            case {"defined": str(name)}:
                return self._defined(name)
        raise BorshError(f"no layout for {kind!r}")

    def _defined(self, name: str) -> Layout:
        if name not in self._known:
            kind = self._types[name]
            if kind["kind"] == "enum":
                self._known[name] = Variant(tuple(variant["name"] for variant in kind["variants"]))
            else:
                self._known[name] = self._fields(kind["fields"])
        return self._known[name]


def _discriminator(kind: str, name: str) -> bytes:
    return hashlib.sha256(f"{kind}:{name}".encode()).digest()[:DISCRIMINATOR_LENGTH]


def _snake(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])([A-Z])", r"_\1", name).lower()
