"""What one pair position knows: its two legs, its orders, its books. Frozen; grown only by `books`."""

from __future__ import annotations

from decimal import Decimal
from typing import Literal

import msgspec

from actors.actor import ActorState
from actors.domain import ZERO, Noun, Side, Venue
from statecharts.order import OVER

LegName = Literal["taker", "maker"]
LEGS: tuple[LegName, LegName] = ("taker", "maker")
Purpose = Literal["taker", "maker", "sweep", "trim", "reduce", "close", "emergency"]
REDUCING_PURPOSES: tuple[Purpose, ...] = ("trim", "reduce", "close", "emergency")


class Order(Noun, frozen=True, kw_only=True):
    """One of our orders and where the `order` chart has it.

    `filled_seen` sums the fills that arrived, `filled_told` is the largest cumulative size the venue named;
    what is filled is the larger of the two, so that neither a late fill nor a lost one is counted wrongly.
    `adopted_since`: the books have followed the venue's own size of the leg since the order was sent.
    """

    id: str
    leg: LegName
    side: Side
    size: Decimal
    purpose: Purpose
    reduce_only: bool
    decision_mid: Decimal
    lapses_ns: int
    episode: int
    place: str = "SENT"
    reason: str = ""
    filled_seen: Decimal = ZERO
    filled_told: Decimal = ZERO
    fills: tuple[str, ...] = ()
    adopted_since: bool = False

    @property
    def filled(self) -> Decimal:
        """Cumulative filled size, base units."""
        return max(self.filled_seen, self.filled_told)

    @property
    def untold(self) -> Decimal:
        """Size the venue claims as filled without having told price and fee."""
        return self.filled - self.filled_seen

    @property
    def over(self) -> bool:
        """True when the order can no longer fill, as far as the venue has said."""
        return self.place in OVER


class Leg(Noun, frozen=True, kw_only=True):
    """One leg's books: signed position in base units, money in USD (costs negative in `cash_usd`).

    `reported` is the venue's last answer to a query and `reported_ns` when it came; `reported_again` says that the
    answer before it, since the pair came where it is, was the same. `confirmed_ns` is when such an answer last equalled
    our position (0: not since it last changed). `heard_ns` is when the venue last spoke in doubt.
    `adopted_venue_ns` is the venue's time of a size the books have followed: what filled before it is in that size
    already, and was valued at `adopted_price`.
    `haircut_usd` is what the venue took for other people's bankruptcies. `funding_told` counts payment records;
    `funding_forecast_usd` is what the rates formed last before each hour promised of those, and `funding_error_usd` by
    how much what was paid is more (records of hours whose rate was never told count in neither).
    """

    venue: Venue
    position: Decimal = ZERO
    cash_usd: Decimal = ZERO
    fees_usd: Decimal = ZERO
    funding_received_usd: Decimal = ZERO
    funding_paid_usd: Decimal = ZERO
    funding_told: int = 0
    funding_forecast_usd: Decimal = ZERO
    funding_error_usd: Decimal = ZERO
    haircut_usd: Decimal = ZERO
    slippage_usd: Decimal = ZERO
    estimated_usd: Decimal = ZERO
    traded_usd: Decimal = ZERO
    reported: Decimal | None = None
    reported_ns: int = 0
    reported_again: bool = False
    confirmed_ns: int = 0
    heard_ns: int = 0
    reported_venue_ns: int = 0
    adopted_venue_ns: int = 0
    adopted_price: Decimal = ZERO
    forced: tuple[str, ...] = ()
    payments: tuple[str, ...] = ()


class PairPosition(ActorState, frozen=True, kw_only=True):
    """The whole state of one pair position actor.

    `dust` (base units) is the net size below which the legs count as equal. `naked_ns` and
    `naked_notional_usd_s` measure how long and how much net exposure beyond dust stood. `first_to_close` is fixed when
    a close begins; `close_order` says by which measures (empty: nothing was measured, as configured).
    """

    asset: str
    taker: Leg
    maker: Leg
    first_to_close: LegName
    taker_side: Side = Side.SELL
    size: Decimal = ZERO
    dust: Decimal = ZERO
    expected_net_usd: Decimal = ZERO
    entry_reason: str = ""
    close_reason: str = ""
    close_order: str = ""
    orders: tuple[Order, ...] = ()
    orders_sent: int = 0
    orders_rejected: int = 0
    orders_denied: int = 0
    entered_ns: int = 0
    hedged_ns: int = 0
    closed_ns: int = 0
    seen_ns: int = 0
    naked_ns: int = 0
    naked_notional_usd_s: Decimal = ZERO

    def leg(self, name: LegName) -> Leg:
        """The leg of that name."""
        return self.taker if name == "taker" else self.maker

    @property
    def legs(self) -> tuple[Leg, Leg]:
        """Taker leg, maker leg."""
        return (self.taker, self.maker)

    @property
    def second_to_close(self) -> LegName:
        """The leg that closes second."""
        return "maker" if self.first_to_close == "taker" else "taker"

    @property
    def net(self) -> Decimal:
        """Net base size of both legs; zero when hedged."""
        return self.taker.position + self.maker.position

    @property
    def naked(self) -> bool:
        """True while the net size is beyond dust."""
        return abs(self.net) > self.dust

    @property
    def open_orders(self) -> tuple[Order, ...]:
        """Orders that may still fill, unresolved ones included."""
        return tuple(order for order in self.orders if not order.over)

    @property
    def price_pnl_usd(self) -> Decimal:
        """Cash from trades of both legs; the price result once the pair is flat."""
        return self.taker.cash_usd + self.maker.cash_usd + self.taker.estimated_usd + self.maker.estimated_usd

    @property
    def funding_usd(self) -> Decimal:
        """Funding received less funding paid."""
        return sum((leg.funding_received_usd - leg.funding_paid_usd for leg in self.legs), ZERO)

    @property
    def fees_usd(self) -> Decimal:
        """Fees of both legs, positive = paid."""
        return self.taker.fees_usd + self.maker.fees_usd

    @property
    def haircut_usd(self) -> Decimal:
        """Socialised losses of both legs, positive = lost."""
        return self.taker.haircut_usd + self.maker.haircut_usd

    @property
    def net_usd(self) -> Decimal:
        """Price result plus funding less fees and haircuts."""
        return self.price_pnl_usd + self.funding_usd - self.fees_usd - self.haircut_usd

    def sent(self, *purposes: Purpose, leg: LegName | None = None, episode: int | None = None) -> int:
        """How many orders of these purposes were sent (on a leg, within an episode)."""
        return sum(
            1
            for order in self.orders
            if order.purpose in purposes
            and (leg is None or order.leg == leg)
            and (episode is None or order.episode == episode)
        )


def leg_on(state: PairPosition, venue: Venue) -> LegName | None:
    """Which leg trades on that venue, if any."""
    if state.taker.venue is venue:
        return "taker"
    return "maker" if state.maker.venue is venue else None


def with_leg(state: PairPosition, name: LegName, **changes: object) -> PairPosition:
    """The state with fields of one leg replaced."""
    leg = msgspec.structs.replace(state.leg(name), **changes)
    return msgspec.structs.replace(state, **{name: leg})
