"""Every message, in one file: facts in the past, asked wishes, and timers that fired.

A message is delivered inside an `Envelope`, which gives it its place in the one order (`seq`) and its time.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Literal

import msgspec

from actors.domain import DoneReason, Instrument, Liquidity, RejectReason, Side, Venue
from actors.expectation import Expectation


class Message(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag=True, omit_defaults=True):
    """Base of all messages; the class name is the tag."""


# --- facts about a venue's link and markets ---------------------------------------------------------------


class LinkUp(Message, frozen=True, kw_only=True, tag=True):
    """The venue's link is up and its snapshots have been read."""

    venue: Venue


class LinkLost(Message, frozen=True, kw_only=True, tag=True):
    """The venue's link is down; nothing heard since may be assumed. `planned`: by our own doing, not the venue's."""

    venue: Venue
    reason: str
    planned: bool = False


class FrameRefused(Message, frozen=True, kw_only=True, tag=True):
    """A payload could not be decoded and was not used."""

    venue: Venue
    channel: str
    detail: str


class BudgetTold(Message, frozen=True, kw_only=True, tag=True):
    """What is left of a venue's rate limit, as our adapter counts it: a fraction in whole tenths, rounded down.

    Told at first, at a fall by a tenth and at a rise by two; what a venue counts elsewhere is not in it.
    """

    venue: Venue
    left_fraction: Decimal


class InstrumentListed(Message, frozen=True, kw_only=True, tag=True):
    """The venue lists this instrument with these rules and fees."""

    instrument: Instrument


class QuoteUpdated(Message, frozen=True, kw_only=True, tag=True):
    """Best bid and ask at a venue; sizes in base units, depths within each of `actors.depth.DEPTH_BPS` of the mid."""

    venue: Venue
    asset: str
    bid: Decimal
    bid_size: Decimal
    ask: Decimal
    ask_size: Decimal
    venue_at_ns: int
    bid_depths: tuple[Decimal, ...] = ()
    ask_depths: tuple[Decimal, ...] = ()


class MarketSampled(Message, frozen=True, kw_only=True, tag=True):
    """Mark, oracle, open interest (base units) and funding of one market.

    Funding rates are signed fractions of notional per hour, positive when longs pay shorts.
    `funding_forming` is the running estimate of the coming settlement, `funding_last_paid` the last settled one;
    a venue fills in what it publishes.
    """

    venue: Venue
    asset: str
    mark: Decimal
    oracle: Decimal
    open_interest: Decimal
    venue_at_ns: int
    funding_forming: Decimal | None = None
    funding_last_paid: Decimal | None = None


# --- facts about our orders and positions -----------------------------------------------------------------


class OrderAccepted(Message, frozen=True, kw_only=True, tag=True):
    """The venue knows the order; it rests or is under way."""

    venue: Venue
    order_id: str
    venue_order_id: str


class OrderFilled(Message, frozen=True, kw_only=True, tag=True):
    """One fill of one of our orders. `fill_id` is unique per venue; `fee_usd` positive = paid."""

    venue: Venue
    asset: str
    order_id: str
    fill_id: str
    side: Side
    price: Decimal
    size: Decimal
    fee_usd: Decimal
    liquidity: Liquidity
    venue_at_ns: int


class OrderDone(Message, frozen=True, kw_only=True, tag=True):
    """The order is no longer open. `filled` is the venue's cumulative filled size, authoritative."""

    venue: Venue
    order_id: str
    filled: Decimal
    reason: DoneReason


class OrderRejected(Message, frozen=True, kw_only=True, tag=True):
    """The venue refused the order (proven); nothing of it was executed."""

    venue: Venue
    order_id: str
    reason: RejectReason
    detail: str


class OrderUnresolved(Message, frozen=True, kw_only=True, tag=True):
    """The outcome of a request is unknown (timeout, cut connection, 5xx): the order may exist."""

    venue: Venue
    order_id: str
    detail: str


class OrderUnknown(Message, frozen=True, kw_only=True, tag=True):
    """The venue was asked and shows this order nowhere now, whether it took it before or not."""

    venue: Venue
    order_id: str


class CancelRejected(Message, frozen=True, kw_only=True, tag=True):
    """The venue refused to cancel: filled, gone, or unknown."""

    venue: Venue
    order_id: str
    detail: str


class AccountFill(Message, frozen=True, kw_only=True, tag=True):
    """Base of fills on our account that belong to none of our orders; `side` is the side of the fill."""

    venue: Venue
    asset: str
    fill_id: str
    side: Side
    price: Decimal
    size: Decimal
    fee_usd: Decimal
    venue_at_ns: int


class ForeignFilled(AccountFill, frozen=True, kw_only=True, tag=True):
    """Nobody we know ordered it: a manual trade, a lost order."""


class PositionDeleveraged(AccountFill, frozen=True, kw_only=True, tag=True):
    """ADL closed part of our position."""


class PositionLiquidated(AccountFill, frozen=True, kw_only=True, tag=True):
    """A liquidation closed part of our position."""


class PositionReported(Message, frozen=True, kw_only=True, tag=True):
    """The venue's view of our position; `size` signed in base units, zero when flat.

    `queried` tells an answer to `QueryPosition` from a push. `adl_rank` is 0..1 where the venue publishes one.
    `unsettled_usd` is profit (or loss, negative) that becomes collateral only by `SettlePnl`, also of a position that
    is closed; None at a venue that settles by itself.
    """

    venue: Venue
    asset: str
    size: Decimal
    venue_at_ns: int
    queried: bool = False
    entry_price: Decimal | None = None
    liquidation_price: Decimal | None = None
    unrealized_usd: Decimal | None = None
    margin_used_usd: Decimal | None = None
    adl_rank: Decimal | None = None
    unsettled_usd: Decimal | None = None


class AccountReported(Message, frozen=True, kw_only=True, tag=True):
    """The venue's view of our account, in USD."""

    venue: Venue
    equity_usd: Decimal
    available_usd: Decimal
    maintenance_usd: Decimal
    venue_at_ns: int


class FundingPaid(Message, frozen=True, kw_only=True, tag=True):
    """One funding payment record; `amount_usd` positive = received. `payment_id` is unique per venue."""

    venue: Venue
    asset: str
    payment_id: str
    amount_usd: Decimal
    rate_per_hour: Decimal
    size: Decimal
    venue_at_ns: int


class LossSocialised(Message, frozen=True, kw_only=True, tag=True):
    """The venue let all holders of a market bear a loss; `amount_usd` (>= 0) is what it cost our position of `size`.

    The venue charges it as funding: `FundingPaid` messages hold it, and the books move it from there. `loss_id` is
    unique per venue.
    """

    venue: Venue
    asset: str
    loss_id: str
    amount_usd: Decimal
    size: Decimal
    venue_at_ns: int


class PnlSettled(Message, frozen=True, kw_only=True, tag=True):
    """Profit was moved into the collateral, or a loss (negative) out of it, whoever asked; nothing was earned by it."""

    venue: Venue
    asset: str
    amount_usd: Decimal
    venue_at_ns: int


class PnlSettlementRejected(Message, frozen=True, kw_only=True, tag=True):
    """What `SettlePnl` asked for was refused, or never sent (proven); nothing was moved by it."""

    venue: Venue
    asset: str
    detail: str


class PnlSettlementUnresolved(Message, frozen=True, kw_only=True, tag=True):
    """What became of a `SettlePnl` is unknown; the account shows it."""

    venue: Venue
    asset: str
    detail: str


class QueryFailed(Message, frozen=True, kw_only=True, tag=True):
    """A query had no usable answer; it says nothing about what was asked."""

    venue: Venue
    asset: str
    query: Literal["position", "order"]
    detail: str


# --- time, and wishes between roles -----------------------------------------------------------------------


class TimerFired(Message, frozen=True, kw_only=True, tag=True):
    """A timer set by this actor came due; a stale generation is ignored."""

    timer: str
    generation: int


class OrderDenied(Message, frozen=True, kw_only=True, tag=True):
    """Our own risk screen kept the order from leaving."""

    venue: Venue
    order_id: str
    rule: str
    measured: str
    limit: str


class EntryAsked(Message, frozen=True, kw_only=True, tag=True):
    """Open the pair: IOC on `taker_venue`, then post-only on `maker_venue`, `size` base units on each.

    `taker_side` is the side of the taker leg.
    """

    taker_side: Side
    size: Decimal
    expected_net_usd: Decimal
    reason: str
    expectation: Expectation | None = None


class EntryRefused(Message, frozen=True, kw_only=True, tag=True):
    """A pair could not be entered; `reason` says what was measured and needed."""

    pair: str
    reason: str


class PairNews(Message, frozen=True, kw_only=True, tag=True):
    """Base of what decides who holds two markets."""

    pair: str
    asset: str
    taker_venue: Venue
    maker_venue: Venue


class PairSpawned(PairNews, frozen=True, kw_only=True, tag=True):
    """A pair position actor was created; from now on it holds both markets, whatever is in them."""


class PairHedged(Message, frozen=True, kw_only=True, tag=True):
    """Both legs are verified at the venues, same base size."""

    pair: str
    size: Decimal


class PairClosed(PairNews, frozen=True, kw_only=True, tag=True):
    """The pair is flat and will not trade again; it holds its markets no longer."""

    reason: str
    net_usd: Decimal


class PairReopened(PairNews, frozen=True, kw_only=True, tag=True):
    """An order of a pair that had closed turned out to have filled, or to live: it holds its markets again."""


class MarketNews(Message, frozen=True, kw_only=True, tag=True):
    """Base of a reconciler's word on a market that no pair holds."""

    venue: Venue
    asset: str


class LeftoverFound(MarketNews, frozen=True, kw_only=True, tag=True):
    """The venue holds `size`; the pair that closed there last is to ask what became of its orders."""

    size: Decimal


class MarketReconciled(MarketNews, frozen=True, kw_only=True, tag=True):
    """The venue was asked, and holds nothing."""


class MarketDoubted(MarketNews, frozen=True, kw_only=True, tag=True):
    """What was known counts no longer: the venue is being asked again, or nobody asks any more."""


class MarketDisputed(MarketNews, frozen=True, kw_only=True, tag=True):
    """The venue holds `size` (signed, base units); `cause` is what can be shown of why."""

    size: Decimal
    cause: str


class CloseAsked(Message, frozen=True, kw_only=True, tag=True):
    """Close both legs in order; `reason` goes to the record."""

    reason: str


class ReduceAsked(Message, frozen=True, kw_only=True, tag=True):
    """Reduce both legs by `fraction` (0..1) of their size."""

    fraction: Decimal
    reason: str


class EmergencyAsked(Message, frozen=True, kw_only=True, tag=True):
    """Cancel everything, close both legs without waiting."""

    reason: str


class ActorFaulted(Message, frozen=True, kw_only=True, tag=True):
    """The actor's step raised; it continues from its last good state."""

    error: str


class AdlLevelEstimated(Message, frozen=True, kw_only=True, tag=True):
    """ADL level 1..5 of one leg. `estimated` is False only when the venue itself published a rank."""

    venue: Venue
    asset: str
    level: int
    estimated: bool
    inputs: str


class KillSwitchPulled(Message, frozen=True, kw_only=True, tag=True):
    """Stop all openings and flatten everything."""

    by: str
    reason: str


class EngineStarted(Message, frozen=True, kw_only=True, tag=True):
    """The engine's parts are up; the lifecycle may begin."""

    mode: str


class EngineResumed(Message, frozen=True, kw_only=True, tag=True):
    """The engine goes on with a run that was cut off; nothing was heard since `silent_since_ns`.

    Whatever was under way then may have happened, or not: it is asked for before anything else is done.
    """

    silent_since_ns: int


class DrainAsked(Message, frozen=True, kw_only=True, tag=True):
    """Open nothing more; the run is ending."""

    reason: str


class PersonAsked(Message, frozen=True, kw_only=True, tag=True):
    """Base of what a person asks of risk; `command_id` is the person's own, the same one is heard once."""

    command_id: str
    by: str
    reason: str


class HoldOpeningsAsked(PersonAsked, frozen=True, kw_only=True, tag=True):
    """Open nothing more until a person says so; what is held stays held."""


class ResumeOpeningsAsked(PersonAsked, frozen=True, kw_only=True, tag=True):
    """Openings are allowed again."""


class RearmAsked(PersonAsked, frozen=True, kw_only=True, tag=True):
    """Open again in `market` (VENUE:ASSET, empty for all), which was opened in too often."""

    market: str = ""


class LimitAsked(PersonAsked, frozen=True, kw_only=True, tag=True):
    """A limit of `policy.risk` is `value` from now on, never more than the profile says."""

    limit: str
    value: Decimal


VenueMessage = (
    LinkUp
    | LinkLost
    | FrameRefused
    | BudgetTold
    | InstrumentListed
    | QuoteUpdated
    | MarketSampled
    | OrderAccepted
    | OrderFilled
    | OrderDone
    | OrderRejected
    | OrderUnresolved
    | OrderUnknown
    | CancelRejected
    | ForeignFilled
    | PositionDeleveraged
    | PositionLiquidated
    | PositionReported
    | AccountReported
    | FundingPaid
    | LossSocialised
    | PnlSettled
    | PnlSettlementRejected
    | PnlSettlementUnresolved
    | QueryFailed
)
InnerMessage = (
    TimerFired
    | OrderDenied
    | EntryAsked
    | EntryRefused
    | PairSpawned
    | PairHedged
    | PairClosed
    | PairReopened
    | LeftoverFound
    | MarketReconciled
    | MarketDoubted
    | MarketDisputed
    | CloseAsked
    | ReduceAsked
    | EmergencyAsked
    | ActorFaulted
    | AdlLevelEstimated
    | KillSwitchPulled
    | EngineStarted
    | EngineResumed
    | DrainAsked
    | HoldOpeningsAsked
    | ResumeOpeningsAsked
    | RearmAsked
    | LimitAsked
)
AnyMessage = VenueMessage | InnerMessage

OrderMessage = (
    OrderAccepted
    | OrderFilled
    | OrderDone
    | OrderRejected
    | OrderUnresolved
    | OrderUnknown
    | OrderDenied
    | CancelRejected
)
ForcedFill = PositionDeleveraged | PositionLiquidated


class Envelope(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One message at its place in the one order.

    `cause` is the seq of the record whose command sent it, 0 when it came from outside.
    """

    seq: int
    at_ns: int
    to: str
    cause: int
    message: AnyMessage
