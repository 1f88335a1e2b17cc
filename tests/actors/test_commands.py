from __future__ import annotations

from typing import Any, get_args

import msgspec
import pytest

from actors.commands import AnyCommand, Command, SetTimer, SubmitOrder, Tell, VenueCommand
from actors.messages import AnyMessage
from tests.actors.samples import sample_of

KINDS: tuple[type[Command], ...] = get_args(AnyCommand)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_a_command_comes_back_from_json_and_msgpack_as_it_was(kind: type[Command]) -> None:
    command = sample_of(kind)
    assert msgspec.json.decode(msgspec.json.encode(command), type=AnyCommand) == command
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(command), type=AnyCommand) == command


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_an_unknown_field_is_refused(kind: type[Command]) -> None:
    told: dict[str, Any] = msgspec.to_builtins(sample_of(kind))
    with pytest.raises(msgspec.ValidationError, match="unknown field `surprise`"):
        msgspec.convert(told | {"surprise": 1}, AnyCommand)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_a_command_cannot_be_changed(kind: type[Command]) -> None:
    with pytest.raises(AttributeError):
        setattr(sample_of(kind), kind.__struct_fields__[0], None)


def test_every_command_is_in_the_union_and_has_its_name_as_its_tag() -> None:
    assert sorted(kind.__name__ for kind in KINDS) == sorted(kind.__name__ for kind in Command.__subclasses__())
    assert all(kind.__struct_config__.tag == kind.__name__ for kind in KINDS)


def test_what_goes_to_a_venue_names_the_venue_and_the_market() -> None:
    venue_kinds: tuple[type[Command], ...] = get_args(VenueCommand)
    assert SubmitOrder in venue_kinds
    for kind in KINDS:
        fields = kind.__struct_fields__
        assert ("venue" in fields and "asset" in fields) == (kind in venue_kinds or kind.__name__ == "AdoptPosition")


@pytest.mark.parametrize("kind", get_args(AnyMessage), ids=lambda kind: kind.__name__)
def test_every_message_can_be_told_to_another_actor(kind: type[msgspec.Struct]) -> None:
    command = Tell(to="risk", message=sample_of(kind))
    assert msgspec.json.decode(msgspec.json.encode(command), type=AnyCommand) == command


def test_an_order_cannot_leave_without_a_limit_a_lifetime_and_saying_whether_it_reduces() -> None:
    told: dict[str, Any] = msgspec.to_builtins(sample_of(SubmitOrder))
    for field in ("limit_price", "expires_at_ns", "reduce_only", "order_id"):
        with pytest.raises(msgspec.ValidationError, match=f"missing required field `{field}`"):
            msgspec.convert({name: value for name, value in told.items() if name != field}, AnyCommand)


def test_a_timer_s_generation_is_part_of_the_command() -> None:
    assert SetTimer(timer="a", generation=1, due_ns=5) != SetTimer(timer="a", generation=2, due_ns=5)
