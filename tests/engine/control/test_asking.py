from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from actors.messages import CloseAsked, DrainAsked, HoldOpeningsAsked, KillSwitchPulled, LimitAsked, RearmAsked
from actors.policy import Policy
from engine.control.asking import Ask, Malformed, decode, messages_of
from tests.factories import pair_at

ASK = {"id": "1", "by": "Ann", "reason": "news"}


def line(**fields: Any) -> bytes:
    return msgspec.json.encode({**ASK, **fields})


def ask(**fields: Any) -> Ask:
    return decode(line(**fields))


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"wish": "sell"}, "wish"),
        ({}, "missing required field `wish`"),
        ({"wish": "hold", "surprise": 1}, "unknown field `surprise`"),
        ({"wish": "hold", "by": " "}, "by: give"),
        ({"wish": "hold", "reason": ""}, "reason: give"),
        ({"wish": "hold", "reason": "a\x1b[2J"}, "reason: give"),
        ({"wish": "hold", "id": "x" * 65}, "id: give"),
        ({"wish": "hold", "market": "hyperliquid:BTC"}, "market: belongs to rearm"),
        ({"wish": "hold", "limit": "leverage_most"}, "limit: belongs to limits"),
        ({"wish": "drain", "pair": "BTC-1"}, "pair: belongs to close"),
        ({"wish": "rearm", "market": "BTC"}, "market: 'BTC' is no VENUE:ASSET"),
        ({"wish": "rearm", "market": "binance:BTC"}, "market: 'binance:BTC' is no VENUE:ASSET"),
        ({"wish": "limits"}, "limit, value: name one limit"),
        ({"wish": "limits", "limit": "leverage_most", "value": "much"}, "value"),
        ({"wish": "close"}, "pair: name one"),
    ],
)
def test_an_ask_that_is_not_understood_is_refused_by_its_field(fields: dict[str, Any], said: str) -> None:
    with pytest.raises(Malformed, match=re.escape(said)):
        ask(**fields)


@pytest.mark.parametrize("text", [b"", b"{", b"\xff", b"[]"])
def test_what_is_no_ask_is_refused(text: bytes) -> None:
    with pytest.raises(Malformed, match="not understood"):
        decode(text)


def test_each_wish_becomes_the_message_of_the_actor_that_decides_it() -> None:
    pair = pair_at("HEDGED.earning").state
    states = {pair.actor: pair}
    told = {"command_id": "1", "by": "Ann", "reason": "news"}
    said = "news (asked by Ann, 1)"
    expected = (
        ({"wish": "hold"}, ("risk", HoldOpeningsAsked(**told))),
        ({"wish": "rearm"}, ("risk", RearmAsked(**told))),
        ({"wish": "rearm", "market": "hyperliquid:BTC"}, ("risk", RearmAsked(**told, market="hyperliquid:BTC"))),
        (
            {"wish": "limits", "limit": "leverage_most", "value": "2"},
            ("risk", LimitAsked(**told, limit="leverage_most", value=Decimal(2))),
        ),
        ({"wish": "drain"}, ("engine_lifecycle", DrainAsked(reason=said))),
        ({"wish": "kill"}, ("engine_lifecycle", KillSwitchPulled(by="Ann", reason=said))),
        ({"wish": "close", "pair": "BTC-1"}, (pair.actor, CloseAsked(reason=said))),
        ({"wish": "close", "pair": pair.actor}, (pair.actor, CloseAsked(reason=said))),
    )
    for fields, message in expected:
        assert messages_of(ask(**fields), states, Policy()) == message


def test_a_limit_above_the_profile_is_refused_before_it_is_asked() -> None:
    wish = ask(wish="limits", limit="leverage_most", value="4")
    with pytest.raises(Malformed, match="above the profile's 3"):
        messages_of(wish, {}, Policy())


@pytest.mark.parametrize("place", ["CLOSED.flat", ""])
def test_only_an_open_pair_is_closed(place: str) -> None:
    pair = msgspec.structs.replace(pair_at("HEDGED.earning").state, place=place)
    states = {pair.actor: pair} if place else {}
    with pytest.raises(Malformed, match="no open pair is called BTC-1; open are none"):
        messages_of(ask(wish="close", pair="BTC-1"), states, Policy())
