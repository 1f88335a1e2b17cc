from __future__ import annotations

from typing import Any, get_args

import msgspec
import pytest

from actors.messages import AnyMessage, Envelope, InnerMessage, Message, VenueMessage
from tests.actors.samples import sample_of
from tests.factories import TAKER, pair_at, reported

KINDS: tuple[type[Message], ...] = get_args(AnyMessage)


def subclasses(base: type) -> list[type]:
    """All classes derived from it, in the order written."""
    return [kind for own in base.__subclasses__() for kind in (own, *subclasses(own))]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_a_message_comes_back_from_json_and_msgpack_as_it_was(kind: type[Message]) -> None:
    message = sample_of(kind)
    assert msgspec.json.decode(msgspec.json.encode(message), type=AnyMessage) == message
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(message), type=AnyMessage) == message


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_an_unknown_field_is_refused(kind: type[Message]) -> None:
    told: dict[str, Any] = msgspec.to_builtins(sample_of(kind))
    with pytest.raises(msgspec.ValidationError, match="unknown field `surprise`"):
        msgspec.convert(told | {"surprise": 1}, AnyMessage)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_a_field_under_another_name_is_refused(kind: type[Message]) -> None:
    told: dict[str, Any] = msgspec.to_builtins(sample_of(kind))
    first = kind.__struct_fields__[0]
    told["renamed"] = told.pop(first)
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(told, AnyMessage)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_a_message_cannot_be_changed(kind: type[Message]) -> None:
    with pytest.raises(AttributeError):
        setattr(sample_of(kind), kind.__struct_fields__[0], None)


def test_every_message_is_in_the_union_and_has_its_name_as_its_tag() -> None:
    leaves = [kind for kind in subclasses(Message) if not kind.__subclasses__()]
    assert sorted(kind.__name__ for kind in KINDS) == sorted(kind.__name__ for kind in leaves)
    assert all(kind.__struct_config__.tag == kind.__name__ for kind in KINDS)


def test_a_message_is_a_venue_s_or_our_own_and_not_both() -> None:
    venue, inner = list(get_args(VenueMessage)), list(get_args(InnerMessage))
    assert [kind for kind in venue if kind in inner] == []
    assert [*venue, *inner] == list(KINDS)


def test_an_unknown_message_is_refused() -> None:
    with pytest.raises(msgspec.ValidationError, match="Invalid value 'Surprise'"):
        msgspec.json.decode(b'{"type":"Surprise"}', type=AnyMessage)


def test_an_envelope_comes_back_with_its_place_and_time() -> None:
    for kind in KINDS:
        envelope = Envelope(seq=3, at_ns=2**62, to="pair_position/BTC-1", cause=2, message=sample_of(kind))
        assert msgspec.json.decode(msgspec.json.encode(envelope), type=Envelope) == envelope


def test_decimals_keep_every_digit() -> None:
    exact = "-0.10000000000000000000000001"
    message = reported(TAKER, exact)(pair_at("IDLE.ready"))
    text = msgspec.json.encode(message)
    assert f'"{exact}"'.encode() in text
    assert msgspec.json.decode(text, type=AnyMessage) == message
