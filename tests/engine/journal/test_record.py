from __future__ import annotations

import hashlib
import json
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings, strategies as st

from actors.commands import CancelAll, SetTimer, SubmitOrder, Tell
from actors.domain import Liquidity, Side, TimeInForce, Venue
from actors.messages import CloseAsked, Envelope, OrderDenied, OrderFilled, QuoteUpdated, TimerFired
from actors.roles import STATE_TYPES, role_name
from engine.core import Decision
from engine.journal.errors import RecordUnreadable
from engine.journal.record import (
    SEAL_LENGTH,
    End,
    Header,
    StepRecord,
    chained,
    decode_states,
    encode,
    encode_states,
    sealed,
    step_record,
)
from tests.engine.recorded import header, start_states

_decoder = msgspec.json.Decoder(Header | StepRecord | End)

TEXT = st.text(max_size=20)
WHOLE = st.integers(min_value=-(2**63), max_value=2**63 - 1)
DECIMAL = st.decimals(allow_nan=False, allow_infinity=False)
VENUE = st.sampled_from(Venue)
MESSAGES = st.one_of(
    st.builds(TimerFired, timer=TEXT, generation=WHOLE),
    st.builds(CloseAsked, reason=TEXT),
    st.builds(
        QuoteUpdated,
        venue=VENUE,
        asset=TEXT,
        bid=DECIMAL,
        bid_size=DECIMAL,
        ask=DECIMAL,
        ask_size=DECIMAL,
        venue_at_ns=WHOLE,
    ),
    st.builds(
        OrderFilled,
        venue=VENUE,
        asset=TEXT,
        order_id=TEXT,
        fill_id=TEXT,
        side=st.sampled_from(Side),
        price=DECIMAL,
        size=DECIMAL,
        fee_usd=DECIMAL,
        liquidity=st.sampled_from(Liquidity),
        venue_at_ns=WHOLE,
    ),
)
DENIALS = st.builds(OrderDenied, venue=VENUE, order_id=TEXT, rule=TEXT, measured=TEXT, limit=TEXT)
COMMANDS = st.one_of(
    st.builds(SetTimer, timer=TEXT, generation=WHOLE, due_ns=WHOLE),
    st.builds(CancelAll, venue=VENUE, asset=TEXT),
    st.builds(Tell, to=TEXT, message=MESSAGES),
    st.builds(
        SubmitOrder,
        order_id=TEXT,
        venue=VENUE,
        asset=TEXT,
        side=st.sampled_from(Side),
        size=DECIMAL,
        limit_price=DECIMAL,
        time_in_force=st.sampled_from(TimeInForce),
        reduce_only=st.booleans(),
        purpose=TEXT,
        expires_at_ns=WHOLE,
        decision_mid=DECIMAL,
    ),
)
DECISIONS = st.builds(
    Decision,
    envelope=st.builds(Envelope, seq=WHOLE, at_ns=WHOLE, to=TEXT, cause=WHOLE, message=MESSAGES),
    row=TEXT,
    source=TEXT,
    place=TEXT,
    commands=st.lists(COMMANDS, max_size=3).map(tuple),
    denied=st.lists(DENIALS, max_size=2).map(tuple),
    digest=TEXT,
    fault=TEXT,
)


@given(DECISIONS)
@settings(deadline=None)
def test_a_decision_comes_back_as_it_was_and_gives_the_same_bytes(decision: Decision) -> None:
    body = encode(step_record(decision))
    back = _decoder.decode(body)
    assert isinstance(back, StepRecord)
    assert back == step_record(decision)
    assert back.envelope == decision.envelope
    assert encode(back) == body
    assert b"\n" not in body, "a record is one line"


@given(DECISIONS, st.binary(max_size=32))
@settings(deadline=None)
def test_a_sealed_line_is_plain_json_with_its_hash_last(decision: Decision, before: bytes) -> None:
    body = encode(step_record(decision))
    line = sealed(body, chained(before, body))
    fields = json.loads(line)
    assert next(iter(fields)) == "kind"
    assert list(fields)[-1] == "hash"
    assert fields["hash"] == hashlib.sha256(before + body).hexdigest()[:32]
    assert line[:-SEAL_LENGTH] + b"}" == body


def test_the_hash_depends_on_the_line_before() -> None:
    assert chained(b"", b"{}") != chained(chained(b"", b"{}"), b"{}")


@pytest.mark.parametrize("field", ["hash", "wall_time", "Row"])
def test_a_field_the_schema_does_not_know_is_refused(field: str) -> None:
    fields: dict[str, Any] = msgspec.json.decode(encode(End(records=3, reason="done")))
    with pytest.raises(msgspec.ValidationError, match=field):
        _decoder.decode(msgspec.json.encode({**fields, field: "x"}))


def test_a_kind_the_schema_does_not_know_is_refused() -> None:
    with pytest.raises(msgspec.ValidationError):
        _decoder.decode(b'{"kind":"note","text":"x"}')


def test_start_states_come_back_in_their_order() -> None:
    states = start_states()
    start = header().start
    types = {actor: STATE_TYPES[role_name(actor)] for actor in start}
    assert decode_states(start, types) == states
    assert list(start) == [state.actor for state in states]


def test_a_header_comes_back_as_it_was() -> None:
    made = header()
    back = _decoder.decode(encode(made))
    assert encode(back) == encode(made)
    assert isinstance(back, Header)
    assert back.policy == made.policy


def test_a_renamed_field_of_a_start_state_is_refused_not_replaced_by_its_default() -> None:
    risk = next(state for state in start_states() if state.actor == "risk")
    fields = msgspec.json.decode(encode_states((risk,))["risk"])
    fields["attempts"] = fields.pop("tries")
    start = {"risk": msgspec.Raw(msgspec.json.encode(fields))}
    with pytest.raises(RecordUnreadable, match=r"risk is not a RiskState.*'attempts'"):
        decode_states(start, {"risk": type(risk)})


def test_a_start_state_of_another_type_is_refused() -> None:
    start = {"risk": msgspec.Raw(b'{"actor":"risk","place":7}')}
    with pytest.raises(RecordUnreadable, match="line 1"):
        decode_states(start, {"risk": STATE_TYPES["risk"]})
