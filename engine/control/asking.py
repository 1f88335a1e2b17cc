"""What a person may ask of a running engine, its answer, and which message an ask becomes. Pure.

One line of JSON each way. Counterparts: `listener` and `teller`; `actors.risk.person`, which decides most of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Literal

import msgspec

from actors.actor import ActorState
from actors.domain import Venue
from actors.messages import (
    AnyMessage,
    CloseAsked,
    DrainAsked,
    HoldOpeningsAsked,
    KillSwitchPulled,
    LimitAsked,
    RearmAsked,
    ResumeOpeningsAsked,
)
from actors.pair_position.state import PairPosition
from actors.policy import Policy
from actors.risk.person import limit_problem
from actors.risk.state import key_of, split_key

Wish = Literal["hold", "resume-openings", "rearm", "limits", "drain", "kill", "close"]
RISK, LIFECYCLE, PAIR = "risk", "engine_lifecycle", "pair_position/"
TEXT_MOST = 500
ID_MOST = 64


class Ask(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One wish of a person. `id` is the person's own: asked twice under one id, it is done once.

    `market` (VENUE:ASSET, empty for all) belongs to rearm, `limit` and `value` to limits, `pair` to close.
    """

    id: str
    wish: Wish
    by: str
    reason: str
    market: str = ""
    limit: str = ""
    value: Decimal | None = None
    pair: str = ""


class Answer(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What became of an ask: `accepted` by the actor that decided, or `refused` with the reason, or `unknown`.

    `seq` is the journal's record of it, 0 when nothing was recorded.
    """

    id: str
    outcome: Literal["accepted", "refused", "unknown"]
    text: str
    seq: int = 0


class Malformed(Exception):
    """An ask that cannot be understood; the text names the field."""


def decode(line: bytes) -> Ask:
    """The ask a line holds. Raises Malformed."""
    try:
        ask = msgspec.json.decode(line, type=Ask)
    except msgspec.MsgspecError as error:
        raise Malformed(f"the ask is not understood ({error})") from None
    problem = _problem(ask)
    if problem:
        raise Malformed(problem)
    return ask


def _problem(ask: Ask) -> str:
    """The first field that is missing, too long, or another wish's."""
    for name, most in (("id", ID_MOST), ("by", ID_MOST), ("reason", TEXT_MOST)):
        text = getattr(ask, name).strip()
        if not text or len(text) > most or not text.isprintable():
            return f"{name}: give 1 to {most} printable characters"
    belongs = {"market": "rearm", "limit": "limits", "value": "limits", "pair": "close"}
    for name, wish in belongs.items():
        if getattr(ask, name) and ask.wish != wish:
            return f"{name}: belongs to {wish}, not to {ask.wish}"
    if ask.wish == "limits" and (not ask.limit or ask.value is None):
        return "limit, value: name one limit and its value, as in total_gross_most_usd=50000"
    if ask.wish == "close" and not ask.pair:
        return "pair: name one, as in DOGE-1"
    return _market_problem(ask.market)


def _market_problem(market: str) -> str:
    venue, asset = market.partition(":")[::2]
    if market and (venue not in list(Venue) or not asset):
        return f"market: {market!r} is no VENUE:ASSET, as in hyperliquid:BTC"
    return ""


def messages_of(ask: Ask, states: Mapping[str, ActorState], policy: Policy) -> tuple[str, AnyMessage]:
    """Who is told, and the message. Raises Malformed for what no actor could be asked."""
    told = {"command_id": ask.id, "by": ask.by, "reason": ask.reason}
    said = f"{ask.reason} (asked by {ask.by}, {ask.id})"
    match ask.wish:
        case "hold":
            return RISK, HoldOpeningsAsked(**told)
        case "resume-openings":
            return RISK, ResumeOpeningsAsked(**told)
        case "rearm":
            market = key_of(*split_key(ask.market)) if ask.market else ""
            return RISK, RearmAsked(**told, market=market)
        case "limits":
            assert ask.value is not None
            problem = limit_problem(ask.limit, ask.value, policy.risk)
            if problem:
                raise Malformed(problem)
            return RISK, LimitAsked(**told, limit=ask.limit, value=ask.value)
        case "drain":
            return LIFECYCLE, DrainAsked(reason=said)
        case "kill":
            return LIFECYCLE, KillSwitchPulled(by=ask.by, reason=said)
        case "close":
            return _pair_named(ask.pair, states), CloseAsked(reason=said)


def _pair_named(name: str, states: Mapping[str, ActorState]) -> str:
    """The actor of a pair that is open; raises Malformed when there is none."""
    actor = name if name.startswith(PAIR) else PAIR + name
    state = states.get(actor)
    there_are = [
        other.actor.removeprefix(PAIR)
        for other in states.values()
        if isinstance(other, PairPosition) and not other.place.startswith("CLOSED")
    ]
    if not isinstance(state, PairPosition) or actor.removeprefix(PAIR) not in there_are:
        raise Malformed(f"pair: no open pair is called {name}; open are {', '.join(there_are) or 'none'}")
    return actor
