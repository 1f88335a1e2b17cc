"""Borsh: values to bytes and back, as the program lays them out, type by type. Pure; `idl` says which types there are.

Structs are mappings; what is missing is zero, so that an account of thousands of bytes costs what is set in it. Enums
are variant names, options `None` or a value, public keys 32 bytes.
"""

from __future__ import annotations

import struct
from typing import Any, Protocol


class BorshError(ValueError):
    """Bytes that are no such value, or a value that has no such bytes."""


class Layout(Protocol):
    """How one type is written and read.

    `size` is None where it depends on the value; `zero` is what a value nobody set looks like.
    """

    size: int | None
    zero: bytes

    def write(self, out: bytearray, value: Any) -> None:
        """Append the value. Raises BorshError."""

    def read(self, data: bytes, at: int) -> tuple[Any, int]:
        """The value at `at`, and where the next one starts. Raises BorshError."""


class Integer(Layout):
    """Little-endian, up to 64 bits."""

    def __init__(self, form: str) -> None:
        self._form = struct.Struct(form)
        self.size = self._form.size
        self.zero = bytes(self.size)

    def write(self, out: bytearray, value: Any) -> None:
        try:
            out += self._form.pack(value)
        except struct.error as error:
            raise BorshError(f"{value!r}: {error}") from error

    def read(self, data: bytes, at: int) -> tuple[Any, int]:
        try:
            return self._form.unpack_from(data, at)[0], at + self._form.size
        except struct.error as error:
            raise BorshError(str(error)) from error


class Wide(Layout):
    """128 bits."""

    def __init__(self, *, signed: bool) -> None:
        self._signed = signed
        self.size = 16
        self.zero = bytes(16)

    def write(self, out: bytearray, value: Any) -> None:
        out += int(value).to_bytes(16, "little", signed=self._signed)

    def read(self, data: bytes, at: int) -> tuple[Any, int]:
        return int.from_bytes(_part(data, at, 16), "little", signed=self._signed), at + 16


class Truth(Layout):
    """One byte, 0 or 1."""

    size = 1
    zero = b"\0"

    def write(self, out: bytearray, value: Any) -> None:
        out.append(bool(value))

    def read(self, data: bytes, at: int) -> tuple[Any, int]:
        raw = _part(data, at, 1)[0]
        if raw > 1:
            raise BorshError(f"{raw} is no truth value")
        return bool(raw), at + 1


class Bytes(Layout):
    """A fixed number of bytes: public keys and arrays of u8."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.zero = bytes(size)

    def write(self, out: bytearray, value: Any) -> None:
        if len(value) != self.size:
            raise BorshError(f"{len(value)} bytes instead of {self.size}")
        out += bytes(value)

    def read(self, data: bytes, at: int) -> tuple[Any, int]:
        assert self.size is not None
        return _part(data, at, self.size), at + self.size


class Array(Layout):
    """A fixed number of one type; a shorter sequence is filled up with zeros."""

    def __init__(self, item: Layout, count: int) -> None:
        self._item, self._count = item, count
        self.size = None if item.size is None else item.size * count
        self.zero = item.zero * count

    def write(self, out: bytearray, value: Any) -> None:
        if len(value) > self._count:
            raise BorshError(f"{len(value)} items instead of {self._count}")
        for item in value:
            self._item.write(out, item)
        out += self._item.zero * (self._count - len(value))

    def read(self, data: bytes, at: int) -> tuple[Any, int]:
        return _read_many(self._item, self._count, data, at)


class Vector(Layout):
    """A count of 32 bits, then the items."""

    size = None
    zero = bytes(4)

    def __init__(self, item: Layout) -> None:
        self._item = item

    def write(self, out: bytearray, value: Any) -> None:
        out += len(value).to_bytes(4, "little")
        for item in value:
            self._item.write(out, item)

    def read(self, data: bytes, at: int) -> tuple[Any, int]:
        count = int.from_bytes(_part(data, at, 4), "little")
        if count > len(data):
            raise BorshError(f"{count} items in {len(data)} bytes")
        return _read_many(self._item, count, data, at + 4)


class Maybe(Layout):
    """A flag of one byte, then the value if there is one."""

    size = None
    zero = b"\0"

    def __init__(self, item: Layout) -> None:
        self._item = item

    def write(self, out: bytearray, value: Any) -> None:
        out.append(value is not None)
        if value is not None:
            self._item.write(out, value)

    def read(self, data: bytes, at: int) -> tuple[Any, int]:
        flag = _part(data, at, 1)[0]
        if flag > 1:
            raise BorshError(f"{flag} is no flag of an option")
        return self._item.read(data, at + 1) if flag else (None, at + 1)


class Variant(Layout):
    """An enum without fields, by the name of its variant."""

    size = 1
    zero = b"\0"

    def __init__(self, names: tuple[str, ...]) -> None:
        self._names = names
        self._numbers = {name: number for number, name in enumerate(names)}

    def write(self, out: bytearray, value: Any) -> None:
        if value not in self._numbers:
            raise BorshError(f"{value!r} is none of {self._names}")
        out.append(self._numbers[value])

    def read(self, data: bytes, at: int) -> tuple[Any, int]:
        number = _part(data, at, 1)[0]
        if number >= len(self._names):
            raise BorshError(f"variant {number} of {self._names}")
        return self._names[number], at + 1


class Struct(Layout):
    """Fields one after the other."""

    def __init__(self, fields: tuple[tuple[str, Layout], ...]) -> None:
        self._fields = fields
        self._names = dict(fields)
        sizes = [layout.size for _, layout in fields]
        self.size = None if None in sizes else sum(size or 0 for size in sizes)
        self.zero = b"".join(layout.zero for _, layout in fields)

    def write(self, out: bytearray, value: Any) -> None:
        unknown = [name for name in value if name not in self._names]
        if unknown:
            raise BorshError(f"no such fields: {unknown}")
        for name, layout in self._fields:
            if name in value:
                layout.write(out, value[name])
            else:
                out += layout.zero

    def read(self, data: bytes, at: int) -> tuple[Any, int]:
        values: dict[str, Any] = {}
        for name, layout in self._fields:
            values[name], at = layout.read(data, at)
        return values, at


def _part(data: bytes, at: int, size: int) -> bytes:
    part = bytes(data[at : at + size])
    if len(part) < size:
        raise BorshError(f"{size} bytes expected at {at} of {len(data)}")
    return part


def _read_many(item: Layout, count: int, data: bytes, at: int) -> tuple[list[Any], int]:
    values = []
    for _ in range(count):
        value, at = item.read(data, at)
        values.append(value)
    return values, at
