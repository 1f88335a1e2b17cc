"""The settlement role: one market of a venue that settles profit and loss only when asked.

What is unsettled is the account's word alone (`PositionReported.unsettled_usd`), also after an answer: nothing is added
up here. It touches no book of a pair: equity is the same before and after. Chart: `statecharts.pnl_settlement`.
"""

from __future__ import annotations

from decimal import Decimal

import msgspec

from actors.actor import ActorState, Context, Role, durations, fault_alarm
from actors.commands import AnyCommand, QueryPosition, RaiseAlarm, SettlePnl
from actors.domain import NS_PER_S, ZERO, Venue
from actors.messages import (
    ActorFaulted,
    PnlSettled,
    PnlSettlementRejected,
    PnlSettlementUnresolved,
    PositionReported,
    TimerFired,
)
from actors.policy import Policy
from statecharts.pnl_settlement import CHART

CENT = Decimal("0.01")
Commands = tuple[AnyCommand, ...]


class PnlSettlement(ActorState, frozen=True, kw_only=True):
    """One market as the venue last told it: signed size, and what of its profit (loss < 0) is not settled, USD.

    `since_ns` is when it was last settled, asked for or opened. `attempts` counts those since all was settled last:
    within `attempts_episode`.
    """

    venue: Venue
    asset: str
    size: Decimal = ZERO
    unsettled_usd: Decimal = ZERO
    since_ns: int = 0
    attempts: int = 0
    attempts_episode: int = -1
    last_words: str = ""


def absorb(state: PnlSettlement, context: Context) -> tuple[PnlSettlement, str]:
    """Take over what the venue tells; name the trigger."""
    message = context.message
    match message:
        case PositionReported():
            return _reported(state, message, context.at_ns), "PositionReported"
        case PnlSettled():
            words = f"only {message.amount_usd:f} USD could be settled"
            return msgspec.structs.replace(state, since_ns=context.at_ns, last_words=words), "PnlSettled"
        case PnlSettlementRejected() | PnlSettlementUnresolved():
            return msgspec.structs.replace(state, last_words=message.detail), type(message).__name__
        case ActorFaulted():
            return msgspec.structs.replace(state, last_words=message.error), "ActorFaulted"
        case TimerFired():
            return state, f"timer:{message.timer}"
        case _:
            return state, type(message).__name__


def _reported(state: PnlSettlement, message: PositionReported, at_ns: int) -> PnlSettlement:
    opened = bool(message.size) and not state.size
    return msgspec.structs.replace(
        state,
        size=message.size,
        unsettled_usd=message.unsettled_usd or ZERO,
        since_ns=at_ns if opened else state.since_ns,
    )


def left_unsettled(state: PnlSettlement) -> tuple[str, ...]:
    """What a person should know of it when the run is over; nothing while a position is held or all is settled."""
    amount = state.unsettled_usd.quantize(CENT)
    if state.size or not amount:
        return ()
    where = f"{amount:f} USD of {state.asset} are not settled at {state.venue.value}"
    return (f"{where}: they are in the equity, and no collateral before they are; the next run settles them",)


def remember(state: PnlSettlement, command: AnyCommand, context: Context) -> PnlSettlement:
    """Count an attempt that is about to leave."""
    if not isinstance(command, SettlePnl):
        return state
    again = state.attempts_episode == state.episode
    return msgspec.structs.replace(
        state,
        attempts=state.attempts + 1 if again else 1,
        attempts_episode=state.episode,
        since_ns=context.at_ns,
        last_words="no answer came",
    )


# --- guards ------------------------------------------------------------------------------------------------


def is_flat(state: PnlSettlement, _: Context) -> bool:
    """The venue holds no position of ours in this market."""
    return not state.size


def worth_settling(state: PnlSettlement, context: Context) -> bool:
    """What a closed position left, either way; of a held one a profit alone, since a loss counts unsettled too."""
    policy = context.policy.settlement
    if is_flat(state, context):
        return bool(state.unsettled_usd) and abs(state.unsettled_usd) >= policy.flat_least_usd
    return state.unsettled_usd > 0 and state.unsettled_usd >= policy.held_least_usd


def interval_over(state: PnlSettlement, context: Context) -> bool:
    """A held position was settled, or opened, long enough ago."""
    return context.at_ns - state.since_ns >= context.policy.settlement.held_every_s * NS_PER_S


def link_up(state: PnlSettlement, context: Context) -> bool:
    """The venue can be asked."""
    return context.board.link_up(state.venue)


def tries_left(state: PnlSettlement, context: Context) -> bool:
    """Fewer attempts in a row than allowed."""
    return state.attempts < context.policy.settlement.tries_most


def questions_left(state: PnlSettlement, context: Context) -> bool:
    """The account may be asked for again."""
    return state.tries < context.policy.settlement.reread_tries_most


def was_asked_for(_: PnlSettlement, context: Context) -> bool:
    """The report answers a question: it was read after it."""
    message = context.message
    return isinstance(message, PositionReported) and message.queried


# --- actions -----------------------------------------------------------------------------------------------


def settle(state: PnlSettlement, _: Context) -> Commands:
    """Ask for the settlement."""
    return (SettlePnl(venue=state.venue, asset=state.asset),)


def query_position(state: PnlSettlement, _: Context) -> Commands:
    """Read the account: what is left stands in the answer."""
    return (QueryPosition(venue=state.venue, asset=state.asset),)


def alarm_unsettled(state: PnlSettlement, context: Context) -> Commands:
    """People may act; the engine goes on trying."""
    amount, minutes = state.unsettled_usd.quantize(CENT), context.policy.settlement.retry_s / 60
    text = (
        f"{state.venue.value}: {amount:f} USD of {state.asset} are not settled after {state.attempts} attempts "
        f"({state.last_words}); they are ours, but no collateral; tried again every {minutes:.0f} minutes"
    )
    return (RaiseAlarm(severity="info", code="pnl_unsettled", text=text),)


def alarm_fault(state: PnlSettlement, _: Context) -> Commands:
    """This actor's own step raised."""
    return fault_alarm(state, state.last_words)


def _backoff_s(state: PnlSettlement, policy: Policy) -> float:
    """Doubles with each attempt."""
    return policy.settlement.backoff_s * 2.0 ** max(0, state.attempts - 1)


ROLE: Role[PnlSettlement] = Role(
    chart=CHART,
    absorb=absorb,
    guards={
        guard.__name__: guard
        for guard in (is_flat, worth_settling, interval_over, link_up, tries_left, questions_left, was_asked_for)
    },
    actions={action.__name__: action for action in (settle, query_position, alarm_unsettled, alarm_fault)},
    duration_s=durations(
        CHART,
        calm=lambda _, policy: policy.settlement.calm_s,
        answer=lambda _, policy: policy.settlement.answer_s,
        reread=lambda _, policy: policy.settlement.reread_s,
        backoff=_backoff_s,
        retry=lambda _, policy: policy.settlement.retry_s,
    ),
    remember=remember,
)
