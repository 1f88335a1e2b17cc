"""Frames on the socket."""

from __future__ import annotations

import msgspec
import pytest

from engine.signing.frames import FRAME_MOST, Ask, FrameBuffer, FrameTooLong, Granted, Refused, framed


def ask(number: int, text: bytes = b'{"b":1,"a":2}') -> Ask:
    return Ask(id=number, request=msgspec.Raw(text))


def test_frames_are_found_however_the_bytes_arrive() -> None:
    data = framed(ask(1)) + framed(ask(2)) + framed(ask(3))
    for size in (1, 3, 7, len(data)):
        buffer = FrameBuffer()
        found = [text for at in range(0, len(data), size) for text in buffer.feed(data[at : at + size])]
        assert [msgspec.json.decode(text, type=Ask).id for text in found] == [1, 2, 3]


def test_what_is_inside_stays_as_it_was_written() -> None:
    (text,) = FrameBuffer().feed(framed(ask(1, b'{"z":1,"a":{"y":2,"b":3}}')))
    assert bytes(msgspec.json.decode(text, type=Ask).request) == b'{"z":1,"a":{"y":2,"b":3}}'


def test_answers_are_told_apart() -> None:
    granted = Granted(id=1, signed=msgspec.Raw(b"{}"))
    refused = Refused(id=2, reason="over", refusals=3)
    for answer in (granted, refused):
        (text,) = FrameBuffer().feed(framed(answer))
        assert msgspec.json.decode(text, type=Granted | Refused) == answer


def test_a_frame_too_long_is_neither_written_nor_waited_for() -> None:
    with pytest.raises(FrameTooLong):
        framed(ask(1, b'"' + b"x" * FRAME_MOST + b'"'))
    with pytest.raises(FrameTooLong):
        FrameBuffer().feed((FRAME_MOST + 1).to_bytes(4, "big"))
