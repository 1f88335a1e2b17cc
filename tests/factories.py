"""What tests are made of: boards, policies, messages, and pairs in any place, reached by playing.

The pair trades BTC at 100 USD: taker leg on Hyperliquid, maker leg on Pacifica, which closes first. Lots are 0.01
and 0.1, so the shared lot is 0.1, and so is the dust (10 USD).
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import msgspec

from actors import pair_position
from actors.board import Board, fold
from actors.commands import SpawnPair, SubmitOrder
from actors.domain import DoneReason, Instrument, Liquidity, MarketStatus, RejectReason, Side, Venue
from actors.messages import (
    AccountReported,
    AdlLevelEstimated,
    AnyMessage,
    CancelRejected,
    EntryAsked,
    ForeignFilled,
    FundingPaid,
    InstrumentListed,
    LinkUp,
    LossSocialised,
    MarketReconciled,
    MarketSampled,
    OrderAccepted,
    OrderDenied,
    OrderDone,
    OrderFilled,
    OrderRejected,
    OrderUnknown,
    OrderUnresolved,
    PairClosed,
    PairReopened,
    PairSpawned,
    PositionDeleveraged,
    PositionLiquidated,
    PositionReported,
    QuoteUpdated,
)
from actors.pair_position import PairPosition
from actors.policy import Policy
from actors.roles import spawn_pair
from tests.playbook import START_NS, Cue, Playbook

TAKER, MAKER = Venue.HYPERLIQUID, Venue.PACIFICA
ASSET = "BTC"
PAIR = "pair_position/BTC-1"
SIZE = Decimal(10)

PairPlay = Playbook[PairPosition]
PairCue = Callable[[PairPlay], AnyMessage]


# --- markets -----------------------------------------------------------------------------------------------


def instrument(venue: Venue = TAKER, asset: str = ASSET, **changes: object) -> Instrument:
    """A market's rules: Hyperliquid by figures and lot 0.01, any other by tick 0.05 and lot 0.1."""
    figures = venue is Venue.HYPERLIQUID
    rules = Instrument(
        venue=venue,
        asset=asset,
        symbol=asset,
        lot=Decimal("0.01" if figures else "0.1"),
        price_decimals=4 if figures else 2,
        min_notional_usd=Decimal(10),
        max_leverage=20,
        taker_fee=Decimal("0.00045" if figures else "0.0004"),
        maker_fee=Decimal("0.00015"),
        maintenance_fraction=Decimal("0.0125"),
        significant_figures=5 if figures else None,
        tick=None if figures else Decimal("0.05"),
    )
    return msgspec.structs.replace(rules, **changes)


def listed(venue: Venue, status: MarketStatus = MarketStatus.OPEN) -> InstrumentListed:
    """The market as the venue lists it now."""
    return InstrumentListed(instrument=instrument(venue, status=status))


def quote(
    venue: Venue, bid: str = "99.95", ask: str = "100.05", asset: str = ASSET, size: str = "1000"
) -> QuoteUpdated:
    """Best bid and ask, deep enough for everything."""
    deep = Decimal(size)
    return QuoteUpdated(
        venue=venue, asset=asset, bid=Decimal(bid), bid_size=deep, ask=Decimal(ask), ask_size=deep, venue_at_ns=START_NS
    )


def sample(
    venue: Venue, mark: str = "100", asset: str = ASSET, rate: str | None = None, interest: str = "1000000"
) -> MarketSampled:
    """Mark, open interest and the forming funding rate (fraction per hour)."""
    return MarketSampled(
        venue=venue,
        asset=asset,
        mark=Decimal(mark),
        oracle=Decimal(mark),
        open_interest=Decimal(interest),
        venue_at_ns=START_NS,
        funding_forming=None if rate is None else Decimal(rate),
    )


def account(venue: Venue, equity: str = "100000") -> AccountReported:
    """An account with that equity, all of it available."""
    usd = Decimal(equity)
    return AccountReported(
        venue=venue, equity_usd=usd, available_usd=usd, maintenance_usd=Decimal(0), venue_at_ns=START_NS
    )


def board_of(*facts: AnyMessage, at_ns: int = START_NS) -> Board:
    """A board that was told these facts."""
    board = Board()
    for fact in facts:
        board = fold(board, fact, at_ns)
    return board


def market_facts(venue: Venue, asset: str = ASSET) -> tuple[AnyMessage, ...]:
    """All a board is told of one venue and market, in which nothing is held."""
    listed = InstrumentListed(instrument=instrument(venue, asset))
    told = (LinkUp(venue=venue), listed, quote(venue, asset=asset), sample(venue, asset=asset), account(venue))
    return (*told, MarketReconciled(venue=venue, asset=asset))


def two_venues(asset: str = ASSET) -> Board:
    """Both venues up, listed, quoted, marked, with equity."""
    return board_of(*market_facts(TAKER, asset), *market_facts(MAKER, asset))


# --- pairs that come and go --------------------------------------------------------------------------------


def spawned(pair: str = PAIR, asset: str = ASSET) -> PairSpawned:
    """A pair holds both markets."""
    return PairSpawned(pair=pair, asset=asset, taker_venue=TAKER, maker_venue=MAKER)


def closed(pair: str = PAIR, asset: str = ASSET, usd: str = "0") -> PairClosed:
    """It holds them no longer."""
    return PairClosed(pair=pair, asset=asset, taker_venue=TAKER, maker_venue=MAKER, reason="", net_usd=Decimal(usd))


def reopened(pair: str = PAIR, asset: str = ASSET) -> PairReopened:
    """It turned out to be open."""
    return PairReopened(pair=pair, asset=asset, taker_venue=TAKER, maker_venue=MAKER)


# --- what a pair hears -------------------------------------------------------------------------------------


def entry(size: str = "10", side: Side = Side.SELL) -> EntryAsked:
    """Open the pair; the taker leg sells unless told otherwise."""
    return EntryAsked(taker_side=side, size=Decimal(size), expected_net_usd=Decimal(5), reason="test")


def _of(number: int, make: Callable[[PairPlay, SubmitOrder], AnyMessage]) -> PairCue:
    return lambda play: make(play, play.orders[number])


def accepted(number: int = -1) -> PairCue:
    """The order (the last sent, or by number) is known to the venue."""
    return _of(number, lambda _, o: OrderAccepted(venue=o.venue, order_id=o.order_id, venue_order_id="1"))


def filled(size: str | None = None, number: int = -1, price: str | None = None, fill_id: str = "") -> PairCue:
    """A fill of the order: all of it at its limit, unless told otherwise; each has an id of its own."""

    def make(play: PairPlay, order: SubmitOrder) -> AnyMessage:
        return OrderFilled(
            venue=order.venue,
            asset=order.asset,
            order_id=order.order_id,
            fill_id=fill_id or f"fill-{play.seq}",
            side=order.side,
            price=order.limit_price if price is None else Decimal(price),
            size=order.size if size is None else Decimal(size),
            fee_usd=Decimal("0.1"),
            liquidity=Liquidity.TAKER,
            venue_at_ns=play.at_ns,
        )

    return _of(number, make)


def done(told: str = "0", reason: DoneReason = DoneReason.CANCELED, number: int = -1) -> PairCue:
    """The order is over, `told` of it filled in all."""
    return _of(number, lambda _, o: OrderDone(venue=o.venue, order_id=o.order_id, filled=Decimal(told), reason=reason))


def rejected(reason: RejectReason = RejectReason.MARGIN, number: int = -1) -> PairCue:
    """The venue refused the order."""
    return _of(number, lambda _, o: OrderRejected(venue=o.venue, order_id=o.order_id, reason=reason, detail=""))


def denied(number: int = -1) -> PairCue:
    """Our own screen kept the order back."""
    return _of(
        number,
        lambda _, o: OrderDenied(venue=o.venue, order_id=o.order_id, rule="leverage_most", measured="4", limit="3"),
    )


def unresolved(number: int = -1) -> PairCue:
    """The outcome of the order is unknown."""
    return _of(number, lambda _, o: OrderUnresolved(venue=o.venue, order_id=o.order_id, detail="timeout"))


def unknown(number: int = -1) -> PairCue:
    """The venue does not know the order now."""
    return _of(number, lambda _, o: OrderUnknown(venue=o.venue, order_id=o.order_id))


def lapsed(number: int = -1) -> PairCue:
    """The venue does not know the order, and its lifetime and the grace have passed."""

    def make(play: PairPlay, order: SubmitOrder) -> AnyMessage:
        listed = play.board.market(order.venue, order.asset).instrument
        assert listed is not None
        play.at_ns = max(play.at_ns, order.expires_at_ns + listed.lapse_grace_ns + 1)
        return OrderUnknown(venue=order.venue, order_id=order.order_id)

    return _of(number, make)


def cancel_rejected(number: int = -1) -> PairCue:
    """The venue refused to cancel the order."""
    return _of(number, lambda _, o: CancelRejected(venue=o.venue, order_id=o.order_id, detail="gone"))


def reported(venue: Venue, size: str | None = None, *, queried: bool = True) -> PairCue:
    """The venue's word on our position; what our books say, unless told otherwise."""

    def cue(play: PairPlay) -> AnyMessage:
        leg = play.state.taker if play.state.taker.venue is venue else play.state.maker
        said = leg.position if size is None else Decimal(size)
        return PositionReported(venue=venue, asset=ASSET, size=said, venue_at_ns=play.at_ns, queried=queried)

    return cue


def deleveraged(venue: Venue, size: str, side: Side, fill_id: str = "adl-1", price: str = "100") -> PositionDeleveraged:
    """ADL took `size` of the leg on that venue; `side` is the side of the forced fill."""
    return PositionDeleveraged(**_forced(venue, size, side, fill_id, price))  # type: ignore[arg-type]


def liquidated(venue: Venue, size: str, side: Side, fill_id: str = "liq-1", price: str = "100") -> PositionLiquidated:
    """A liquidation took `size` of the leg on that venue."""
    return PositionLiquidated(**_forced(venue, size, side, fill_id, price))  # type: ignore[arg-type]


def foreign(venue: Venue, size: str = "1", side: Side = Side.BUY) -> ForeignFilled:
    """A fill of nobody's order."""
    return ForeignFilled(**_forced(venue, size, side, "manual-1", "100"))  # type: ignore[arg-type]


def _forced(venue: Venue, size: str, side: Side, fill_id: str, price: str) -> dict[str, object]:
    return {
        "venue": venue,
        "asset": ASSET,
        "fill_id": fill_id,
        "side": side,
        "price": Decimal(price),
        "size": Decimal(size),
        "fee_usd": Decimal("0.1"),
        "venue_at_ns": START_NS,
    }


def funding(venue: Venue, usd: str, payment_id: str = "pay-1") -> FundingPaid:
    """One funding payment; positive is received."""
    return FundingPaid(
        venue=venue,
        asset=ASSET,
        payment_id=payment_id,
        amount_usd=Decimal(usd),
        rate_per_hour=Decimal("0.0001"),
        size=SIZE,
        venue_at_ns=START_NS,
    )


def socialised(venue: Venue, usd: str, loss_id: str = "loss-1") -> LossSocialised:
    """A venue let its holders bear a loss, so much of it ours."""
    return LossSocialised(
        venue=venue, asset=ASSET, loss_id=loss_id, amount_usd=Decimal(usd), size=SIZE, venue_at_ns=START_NS
    )


def adl(level: int, venue: Venue = MAKER) -> AdlLevelEstimated:
    """The ADL level of a leg."""
    return AdlLevelEstimated(venue=venue, asset=ASSET, level=level, estimated=True, inputs="test")


# --- pairs -------------------------------------------------------------------------------------------------


def idle_pair(policy: Policy | None = None, board: Board | None = None) -> PairPlay:
    """A pair that was just spawned; the maker venue closes first."""
    spawn = SpawnPair(actor=PAIR, asset=ASSET, taker_venue=TAKER, maker_venue=MAKER, first_to_close=MAKER)
    return Playbook(pair_position.ROLE, spawn_pair(spawn), board or two_venues(), policy)


def pair_at(place: str, policy: Policy | None = None, board: Board | None = None) -> PairPlay:
    """A pair in that place, reached by the shortest story that leads there."""
    from tests.stories import STORIES

    return idle_pair(policy, board).play(*STORIES[place]).at(place)


def twice(*cues: PairCue) -> tuple[PairCue, ...]:
    """The same words once more: what venues say that our books do not is believed no sooner."""
    return cues * 2


def both_confirm() -> tuple[Cue[PairPosition], ...]:
    """Both venues, asked, say what our books say."""
    return (reported(TAKER), reported(MAKER))
