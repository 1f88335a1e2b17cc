"""The reconciler role: what one venue holds in one market, while no pair of ours holds it.

A size is believed only from answers to questions: one is enough to say that nothing is there when nothing spoke against
it, several alike for everything else. It never trades: what an order of ours explains is told to the pair it is of.
Chart: `statecharts.reconciler`; its word is folded by the board, where the gate `reconciled` reads it.
"""

from __future__ import annotations

from decimal import Decimal

import msgspec

from actors.actor import ActorState, Context, Role, durations, fault_alarm
from actors.board import BOARD
from actors.commands import AnyCommand, QueryPosition, RaiseAlarm, Tell
from actors.domain import ZERO, Side, Venue
from actors.messages import (
    AccountFill,
    ActorFaulted,
    EngineResumed,
    LeftoverFound,
    MarketDisputed,
    MarketDoubted,
    MarketReconciled,
    OrderFilled,
    PairClosed,
    PositionDeleveraged,
    PositionLiquidated,
    PositionReported,
    TimerFired,
)
from actors.policy import Policy
from statecharts.reconciler import CHART

Commands = tuple[AnyCommand, ...]
AT_START = "found when the run began"
AT_RESUME = "found when the engine came back"
UNTOLD = "no fill of it was told: a trade by hand, a liquidation or an order that was missed"


class Reconciler(ActorState, frozen=True, kw_only=True):
    """One market. `size` (signed, base units) is the venue's last word, `since_ns` when the engine first heard of it.

    `answers` counts answers alike, one after the other; `contradicted`: something spoke against an empty market since
    it was last reconciled. `fills` are told fills that no pair took; `origin` is what is known without one.
    `last_pair` is the pair that closed here last, `asked_pair_size` what it was asked about.
    """

    venue: Venue
    asset: str
    size: Decimal = ZERO
    since_ns: int = 0
    answers: int = 0
    contradicted: bool = False
    asked_ns: int = 0
    answered_ns: int = 0
    disputed: Decimal = ZERO
    fills: tuple[str, ...] = ()
    origin: str = AT_START
    last_pair: str = ""
    asked_pair_size: Decimal = ZERO
    last_words: str = ""


FILLS_TOLD = 3
"""Of fills that explain a position the latest are told."""


# --- absorbing ---------------------------------------------------------------------------------------------


def absorb(state: Reconciler, context: Context) -> tuple[Reconciler, str]:
    """Take over what the venue tells; name the trigger."""
    message = context.message
    match message:
        case PositionReported():
            return _reported(state, message, context.at_ns), "PositionReported"
        case AccountFill():
            return _filled(state, message), type(message).__name__
        case OrderFilled():
            return _filled(state, message), "ForeignFilled"
        case PairClosed():
            return _left_by_pair(state, message), "PairClosed"
        case EngineResumed():
            return msgspec.structs.replace(state, origin=AT_RESUME, contradicted=False, answers=0), "EngineResumed"
        case ActorFaulted():
            return msgspec.structs.replace(state, last_words=message.error), "ActorFaulted"
        case TimerFired():
            return state, f"timer:{message.timer}"
        case _:
            return state, type(message).__name__


def _reported(state: Reconciler, message: PositionReported, at_ns: int) -> Reconciler:
    """The venue's last word; an answer counts with those before it that said the same."""
    alike = message.size == state.size
    return msgspec.structs.replace(
        state,
        size=message.size,
        since_ns=0 if not message.size else state.since_ns or at_ns,
        answers=(state.answers if alike else 0) + message.queried,
        contradicted=state.contradicted or bool(message.size),
        answered_ns=at_ns if message.queried else state.answered_ns,
    )


def _filled(state: Reconciler, fill: AccountFill | OrderFilled) -> Reconciler:
    """A fill that no pair takes: what was answered before it is old, and it may explain what is found."""
    kind = "a fill of no order of ours"
    if isinstance(fill, PositionDeleveraged | PositionLiquidated):
        kind = "ADL" if isinstance(fill, PositionDeleveraged) else "a liquidation"
    verb = "bought" if fill.side is Side.BUY else "sold"
    told = f"{kind} {verb} {fill.size:f} at {fill.price:f}"
    return msgspec.structs.replace(state, answers=0, contradicted=True, fills=(*state.fills[1 - FILLS_TOLD :], told))


def _left_by_pair(state: Reconciler, message: PairClosed) -> Reconciler:
    """What was known before the pair came is over: it has verified that nothing is left."""
    return msgspec.structs.replace(
        state,
        last_pair=message.pair,
        asked_pair_size=ZERO,
        size=ZERO,
        since_ns=0,
        answers=0,
        contradicted=False,
        fills=(),
        origin=UNTOLD,
    )


def remember(state: Reconciler, command: AnyCommand, context: Context) -> Reconciler:
    """Note what was asked and said."""
    match command:
        case QueryPosition():
            return msgspec.structs.replace(state, asked_ns=context.at_ns)
        case Tell(message=MarketReconciled()):
            return msgspec.structs.replace(
                state, contradicted=False, fills=(), origin=UNTOLD, disputed=ZERO, asked_pair_size=ZERO
            )
        case Tell(message=MarketDisputed() as word):
            return msgspec.structs.replace(state, disputed=word.size)
        case Tell(message=LeftoverFound() as word):
            return msgspec.structs.replace(state, asked_pair_size=word.size, answers=0)
        case _:
            return state


# --- guards ------------------------------------------------------------------------------------------------


def flat(state: Reconciler, _: Context) -> bool:
    """The venue's last word is that nothing is held."""
    return not state.size


def agreed(state: Reconciler, context: Context) -> bool:
    """The venue, asked, has said so as often as it takes: once where nothing spoke against an empty market."""
    return state.answers >= (context.policy.reconcile.answers_least if state.contradicted else 1)


def as_disputed(state: Reconciler, _: Context) -> bool:
    """The size is the one in dispute."""
    return state.size == state.disputed


def answered(state: Reconciler, _: Context) -> bool:
    """The last question was answered."""
    return state.answered_ns >= state.asked_ns


def looks_left(state: Reconciler, context: Context) -> bool:
    """Another question at once is allowed."""
    return state.tries < context.policy.reconcile.looks_most


def pair_to_ask(state: Reconciler, _: Context) -> bool:
    """A pair of ours closed here, and has not been asked about this size."""
    return bool(state.last_pair) and state.asked_pair_size != state.size


def held(state: Reconciler, context: Context) -> bool:
    """A pair holds this market."""
    return bool(context.board.holders(state.venue, state.asset))


def link_up(state: Reconciler, context: Context) -> bool:
    """The venue can be asked."""
    return context.board.link_up(state.venue)


# --- actions -----------------------------------------------------------------------------------------------


def query_position(state: Reconciler, _: Context) -> Commands:
    """Ask the venue what we hold."""
    return (QueryPosition(venue=state.venue, asset=state.asset),)


def tell_reconciled(state: Reconciler, _: Context) -> Commands:
    """Pairs may be opened here."""
    return (Tell(to=BOARD, message=MarketReconciled(venue=state.venue, asset=state.asset)),)


def tell_doubted(state: Reconciler, _: Context) -> Commands:
    """Nothing is opened here until it is known what is held."""
    return (Tell(to=BOARD, message=MarketDoubted(venue=state.venue, asset=state.asset)),)


def ask_pair(state: Reconciler, _: Context) -> Commands:
    """Let the pair that closed here last ask what became of its orders."""
    return (Tell(to=state.last_pair, message=LeftoverFound(venue=state.venue, asset=state.asset, size=state.size)),)


def cause_of(state: Reconciler) -> str:
    """What can be shown of why something is held."""
    return "; ".join(state.fills) or state.origin


def tell_disputed(state: Reconciler, _: Context) -> Commands:
    """Nothing is opened here, and a person is told what is held, why, and what to do."""
    cause, market = cause_of(state), f"{state.venue.value}:{state.asset}"
    size = f"{abs(state.size).normalize():f} {state.asset}"
    side, closes = ("long", "sell") if state.size > 0 else ("short", "buy")
    text = (
        f"{state.venue.value}: {side} {size}, held by no pair of ours ({cause}); nobody manages it, and nothing is "
        f"opened in this market: close it with `perp2perp flatten --config PROFILE --pair {market}`, or {closes} "
        f"{size} by hand, reduce-only"
    )
    word = MarketDisputed(venue=state.venue, asset=state.asset, size=state.size, cause=cause)
    return (
        Tell(to=BOARD, message=word),
        RaiseAlarm(severity="critical", code="market_disputed", text=text),
    )


def alarm_unread(state: Reconciler, context: Context) -> Commands:
    """The venue does not say what we hold."""
    policy = context.policy.reconcile
    text = (
        f"{state.venue.value}: asked {policy.looks_most} times what we hold in {state.asset}, and no answer, or no "
        f"{policy.answers_least} alike; nothing is opened there until it is known"
    )
    return (RaiseAlarm(severity="info", code="market_unread", text=text),)


def alarm_fault(state: Reconciler, _: Context) -> Commands:
    """This actor's own step raised."""
    return fault_alarm(state, state.last_words)


def _recheck_s(_: Reconciler, policy: Policy) -> float:
    """Long enough that a venue is not asked about all its markets without a pause."""
    return max(policy.reconcile.every_s, policy.reconcile.question_pause_s * len(policy.scanner.assets))


ROLE: Role[Reconciler] = Role(
    chart=CHART,
    absorb=absorb,
    guards={
        guard.__name__: guard for guard in (flat, agreed, as_disputed, answered, looks_left, pair_to_ask, held, link_up)
    },
    actions={
        action.__name__: action
        for action in (
            query_position,
            tell_reconciled,
            tell_doubted,
            ask_pair,
            tell_disputed,
            alarm_unread,
            alarm_fault,
        )
    },
    duration_s=durations(
        CHART,
        look=lambda _, policy: policy.reconcile.look_s,
        recheck=_recheck_s,
        reask=lambda _, policy: policy.reconcile.unsettled_every_s,
        repair=lambda _, policy: policy.reconcile.repair_s,
    ),
    remember=remember,
)
