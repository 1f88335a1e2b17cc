"""A person's hand on risk: hold and resume openings, re-arm a market, lower a limit or take that back. Pure.

A person only narrows what the profile allows: a limit is never set above the profile's. What was changed is told as
an alarm, which is how it comes into the state (`remembered`), the report and the record. Counterparts:
`engine.control`, which hears people and asks; `throttle`, which disarms.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Literal

from msgspec.structs import replace

from actors.actor import Context
from actors.board import BOARD
from actors.commands import AnyCommand, RaiseAlarm, Tell
from actors.lowered import limits_of
from actors.messages import LimitAsked, PersonAsked, RearmAsked
from actors.policy import Policy, RiskPolicy
from actors.risk.state import RiskState

Commands = tuple[AnyCommand, ...]

HEARD_REMEMBERED = 64
REFUSED = "person_refused"
"""The alarm's code when what a person asked was not done; every other answer to a person says that it was."""
SETTABLE = (
    "order_notional_most_usd",
    "pair_long_most_usd",
    "pair_short_most_usd",
    "pair_gross_most_usd",
    "venue_long_most_usd",
    "venue_short_most_usd",
    "venue_gross_most_usd",
    "asset_gross_most_usd",
    "total_long_most_usd",
    "total_short_most_usd",
    "total_gross_most_usd",
    "total_net_most_usd",
    "leverage_most",
    "price_collar_bps",
    "path_collar_bps",
    "orders_per_minute_most",
    "messages_per_second_most",
    "messages_per_minute_most",
    "venue_messages_per_second_most",
    "venue_messages_per_minute_most",
    "repeated_executions_most",
)
"""Limits that a person may lower while the engine runs: a lower one opens less, and keeps nobody from reducing.
`hedges_per_minute_most` is not among them: lowered, it would keep legs naked."""


def effective(state: RiskState, policy: Policy) -> RiskPolicy:
    """The profile's limits, with those a person lowered in place."""
    return limits_of(policy.risk, state.lowered)


def heard(state: RiskState, message: PersonAsked) -> tuple[RiskState, str]:
    """Remember what was asked by its id, so that it is done once; name the trigger."""
    if message.command_id in state.heard:
        return state, "PersonRepeated"
    return replace(state, heard=(*state.heard[1 - HEARD_REMEMBERED :], message.command_id)), type(message).__name__


# --- guards ------------------------------------------------------------------------------------------------


def market_disarmed(state: RiskState, context: Context) -> bool:
    """The market that a person wants to arm again is disarmed; for all markets, any is."""
    message = context.message
    assert isinstance(message, RearmAsked)
    return message.market in state.disarmed if message.market else bool(state.disarmed)


def limit_allowed(_: RiskState, context: Context) -> bool:
    """It is a limit that may be set, to a value no less than nothing and no more than the profile's."""
    return not _limit_problem(context)


def _limit_problem(context: Context) -> str:
    message = context.message
    assert isinstance(message, LimitAsked)
    return limit_problem(message.limit, message.value, context.policy.risk)


def limit_problem(limit: str, value: Decimal, profile: RiskPolicy) -> str:
    """What is wrong with a limit a person wants to set, naming the field; nothing when it may be set."""
    if limit not in SETTABLE:
        return f"{limit}: no limit that can be set while the engine runs; those are {', '.join(SETTABLE)}"
    most = getattr(profile, limit)
    if not value.is_finite() or value < 0:
        return f"{limit}={value}: give a number from 0 up to the profile's {most}"
    if value > most:
        return f"{limit}={value}: above the profile's {most}; a person may only lower it"
    if isinstance(most, int) and value != int(value):
        return f"{limit}={value}: a count; give a whole number"
    return ""


# --- actions -----------------------------------------------------------------------------------------------


def tell_held(_: RiskState, context: Context) -> Commands:
    """Nothing is opened until a person says so; the board hears who it was, for the gates to say."""
    alarms = _told("warning", "openings_held", "openings are held; hedging and reducing go on", context)
    return (*alarms, Tell(to=BOARD, message=context.message))


def tell_resumed(_: RiskState, context: Context) -> Commands:
    """Openings are allowed again, within the limits."""
    return _told("info", "openings_resumed", "openings are allowed again", context)


def rearm(state: RiskState, context: Context) -> Commands:
    """The market is armed again, its executions forgotten; `remembered` does it."""
    message = context.message
    assert isinstance(message, RearmAsked)
    named = message.market or ", ".join(sorted(state.disarmed))
    return _told("info", "rearmed", f"{named}: armed again, openings are counted anew", context)


def set_limit(state: RiskState, context: Context) -> Commands:
    """The limit is another one from now on; `remembered` does it."""
    message = context.message
    assert isinstance(message, LimitAsked)
    before = getattr(effective(state, context.policy), message.limit)
    profile = getattr(context.policy.risk, message.limit)
    text = f"{message.limit} is {message.value} from now on (was {before}, the profile has {profile})"
    return _told("info", "limit_set", text, context)


def refuse_limit(_: RiskState, context: Context) -> Commands:
    """Say what is wrong with it."""
    return _told("warning", REFUSED, _limit_problem(context), context)


def refuse_rearm(state: RiskState, context: Context) -> Commands:
    """Nothing is disarmed there."""
    message = context.message
    assert isinstance(message, RearmAsked)
    there_are = ", ".join(sorted(state.disarmed)) or "none"
    return _told("warning", REFUSED, f"market {message.market or 'all'}: not disarmed; {there_are} is", context)


def refuse_resume(state: RiskState, context: Context) -> Commands:
    """What ended openings was no hold."""
    return _told("warning", REFUSED, f"risk is in {state.place}: nothing is opened any more in this run", context)


def _told(severity: Literal["info", "warning"], code: str, text: str, context: Context) -> Commands:
    message = context.message
    assert isinstance(message, PersonAsked)
    return (RaiseAlarm(severity=severity, code=code, text=f"{text}; asked by {message.by}: {message.reason}"),)


# --- what people were told is so ---------------------------------------------------------------------------


def remembered(state: RiskState, alarm: RaiseAlarm, context: Context) -> RiskState:
    """Take into the state what people are told of."""
    message = context.message
    if alarm.code == "repeated_executions":
        told = {key: replace(each, told=True) for key, each in state.disarmed.items()}
        return replace(state, disarmed=told)
    if alarm.code == "rearmed" and isinstance(message, RearmAsked):
        return _rearmed(state, message.market)
    if alarm.code == "limit_set" and isinstance(message, LimitAsked):
        return _lowered(state, message.limit, message.value, context.policy.risk)
    return state


def _rearmed(state: RiskState, market: str) -> RiskState:
    keys = (market,) if market else tuple(state.disarmed)
    disarmed = {key: each for key, each in state.disarmed.items() if key not in keys}
    executions = tuple(each for each in state.executions if each.market not in keys)
    return replace(state, disarmed=disarmed, executions=executions)


def _lowered(state: RiskState, limit: str, value: Decimal, profile: RiskPolicy) -> RiskState:
    """A limit that is the profile's again is no longer a person's."""
    others = {name: each for name, each in state.lowered.items() if name != limit}
    if value == getattr(profile, limit):
        return replace(state, lowered=others)
    return replace(state, lowered={**others, limit: value})


def alarm_disarmed(state: RiskState, _: Context) -> Commands:
    """Name every market that was disarmed since people were told last, and how to arm it again."""
    return tuple(
        RaiseAlarm(
            severity="critical",
            code="repeated_executions",
            text=(
                f"{key}: opened {each.executions} times {each.side.value}; nothing more is opened there until a "
                f"person looks and says `perp2perp tell RUN rearm --market {key} --by NAME --reason TEXT`"
            ),
        )
        for key, each in sorted(state.disarmed.items())
        if not each.told
    )
