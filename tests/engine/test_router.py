from __future__ import annotations

from decimal import Decimal

import msgspec
import pytest

from actors.board import fold
from actors.commands import QueryPosition, SpawnPair, SubmitOrder
from actors.domain import DoneReason, Liquidity, RejectReason, Side, TimeInForce, Venue
from actors.messages import (
    AccountReported,
    AnyMessage,
    BudgetTold,
    CancelRejected,
    DrainAsked,
    ForeignFilled,
    FrameRefused,
    FundingPaid,
    InstrumentListed,
    LinkLost,
    LinkUp,
    LossSocialised,
    MarketSampled,
    OrderAccepted,
    OrderDone,
    OrderFilled,
    OrderRejected,
    OrderUnknown,
    OrderUnresolved,
    PairReopened,
    PairSpawned,
    PnlSettled,
    PnlSettlementRejected,
    PnlSettlementUnresolved,
    PositionDeleveraged,
    PositionLiquidated,
    PositionReported,
    QueryFailed,
    QuoteUpdated,
)
from actors.pair_position import PairPosition
from actors.pnl_settlement import PnlSettlement
from actors.policy import CorePolicy, Policy
from actors.risk.books import Held, RiskState, key_of
from actors.roles import spawn_pair
from engine.core import BOARD, Core
from engine.router import PAIRS, Router
from tests.engine.recorded import MAKER, PAIR, TAKER, instrument, start_states
from tests.factories import board_of, closed as closed_pair
from tests.playbook import START_NS

ONE = Decimal(1)
OTHER = "pair_position/ETH-2"
LATER = "pair_position/BTC-3"
OURS, STRANGE = "ab" * 16, "cd" * 16


def order(venue: Venue = TAKER, order_id: str = OURS, asset: str = "BTC") -> SubmitOrder:
    return SubmitOrder(
        order_id=order_id,
        venue=venue,
        asset=asset,
        side=Side.BUY,
        size=ONE,
        limit_price=ONE,
        time_in_force=TimeInForce.IOC,
        reduce_only=False,
        purpose="taker",
        expires_at_ns=0,
        decision_mid=ONE,
    )


SETTLEMENT = "pnl_settlement/drift/ETH"
WATCHER = "reconciler/hyperliquid:BTC"


def routed(*, closed: bool = False, bounds: CorePolicy | None = None) -> Router:
    """A router over the start states and a second pair, which trades on lighter and drift, where ETH is settled."""
    spawn = SpawnPair(
        actor=OTHER, asset="ETH", taker_venue=Venue.LIGHTER, maker_venue=Venue.DRIFT, first_to_close=Venue.DRIFT
    )
    settlement = PnlSettlement(actor=SETTLEMENT, place="IDLE", venue=Venue.DRIFT, asset="ETH")
    core = Core(Policy(), (*start_states(), spawn_pair(spawn), settlement))
    core.board = board_of(
        PairSpawned(pair=PAIR, asset="BTC", taker_venue=TAKER, maker_venue=MAKER),
        PairSpawned(pair=OTHER, asset="ETH", taker_venue=Venue.LIGHTER, maker_venue=Venue.DRIFT),
    )
    if closed:
        close(core)
    return router_of(core, bounds)


def router_of(core: Core, bounds: CorePolicy | None = None) -> Router:
    return Router(core.states, lambda: core.board, bounds)


def close(core: Core) -> None:
    """The first pair is closed, and the board knows."""
    core.states[PAIR] = msgspec.structs.replace(core.states[PAIR], place="CLOSED.flat")
    core.board = fold(core.board, closed_pair(PAIR), START_NS)


def position(venue: Venue = TAKER, asset: str = "BTC") -> PositionReported:
    return PositionReported(venue=venue, asset=asset, size=ONE, venue_at_ns=0)


ABOUT_AN_ORDER: tuple[AnyMessage, ...] = (
    OrderAccepted(venue=TAKER, order_id=OURS, venue_order_id="1"),
    OrderFilled(
        venue=TAKER,
        asset="BTC",
        order_id=OURS,
        fill_id="1",
        side=Side.BUY,
        price=ONE,
        size=ONE,
        fee_usd=ONE,
        liquidity=Liquidity.TAKER,
        venue_at_ns=0,
    ),
    OrderDone(venue=TAKER, order_id=OURS, filled=ONE, reason=DoneReason.FILLED),
    OrderRejected(venue=TAKER, order_id=OURS, reason=RejectReason.OTHER, detail=""),
    OrderUnresolved(venue=TAKER, order_id=OURS, detail=""),
    OrderUnknown(venue=TAKER, order_id=OURS),
    CancelRejected(venue=TAKER, order_id=OURS, detail=""),
)


@pytest.mark.parametrize("message", ABOUT_AN_ORDER, ids=lambda message: type(message).__name__)
def test_an_order_fact_goes_to_risk_and_to_whoever_sent_the_order(message: AnyMessage) -> None:
    router = routed()
    router.note(PAIR, order(order_id=STRANGE))
    to_holder = ("risk", PAIR) if isinstance(message, OrderFilled) else ("risk",)
    assert router.route(message) == to_holder, "a fill of no known order is foreign to whoever holds the market"
    router.note(OTHER, order())
    assert router.route(message) == ("risk", OTHER)


@pytest.mark.parametrize(
    "message",
    [
        QuoteUpdated(venue=TAKER, asset="BTC", bid=ONE, bid_size=ONE, ask=ONE, ask_size=ONE, venue_at_ns=0),
        MarketSampled(venue=TAKER, asset="BTC", mark=ONE, oracle=ONE, open_interest=ONE, venue_at_ns=0),
        AccountReported(venue=TAKER, equity_usd=ONE, available_usd=ONE, maintenance_usd=ONE, venue_at_ns=0),
        InstrumentListed(instrument=instrument(TAKER)),
    ],
    ids=lambda message: type(message).__name__,
)
def test_a_market_fact_goes_to_the_board_alone(message: AnyMessage) -> None:
    router = routed()
    router.note(PAIR, order())
    assert router.route(message) == (BOARD,)


def test_a_link_is_told_to_everybody_it_concerns_the_board_first() -> None:
    up = (BOARD, "venue_link/hyperliquid", "engine_lifecycle")
    watching = tuple(f"reconciler/hyperliquid:{asset}" for asset in Policy().scanner.assets)
    assert routed().route(LinkUp(venue=TAKER)) == (*up, PAIR, *watching)
    assert routed().route(LinkLost(venue=TAKER, reason="cut")) == (*up, PAIR, *watching)
    assert routed().route(LinkUp(venue=Venue.DRIFT)) == (BOARD, "venue_link/drift", "engine_lifecycle", OTHER)
    assert routed(closed=True).route(LinkUp(venue=TAKER)) == (*up, *watching)


def test_a_refused_frame_is_counted_on_the_board_and_concerns_its_link_alone() -> None:
    assert routed().route(FrameRefused(venue=MAKER, channel="bbo", detail="?")) == (BOARD, "venue_link/pacifica")


def test_what_is_left_of_a_rate_limit_concerns_the_board_alone() -> None:
    assert routed().route(BudgetTold(venue=MAKER, left_fraction=Decimal("0.2"))) == (BOARD,)


def test_a_position_goes_to_risk_and_to_the_pair_that_holds_the_market_before_its_first_order() -> None:
    assert routed().route(position()) == ("risk", PAIR)
    assert routed().route(position(MAKER)) == ("risk", PAIR)


def test_a_position_where_no_pair_holds_the_market_goes_to_its_reconciler() -> None:
    assert routed().route(position(asset="SOL")) == ("risk", "reconciler/hyperliquid:SOL")
    assert routed().route(position(asset="XYZ")) == ("risk",), "nobody trades it"
    router = routed(closed=True)
    router.note(PAIR, order())
    assert router.route(position()) == ("risk", WATCHER), "a closed pair holds nothing"
    for message in (foreign_fill(), QueryFailed(venue=TAKER, asset="BTC", query="position", detail="")):
        assert router.route(message) == (WATCHER,)


def test_of_two_pairs_in_a_market_the_one_that_asked_or_traded_last_hears_of_the_position() -> None:
    core = Core(Policy(), start_states())
    router = router_of(core)
    again = PairReopened(pair=PAIR, asset="BTC", taker_venue=TAKER, maker_venue=MAKER)
    core.board = board_of(PairSpawned(pair=OTHER, asset="BTC", taker_venue=TAKER, maker_venue=MAKER), again)
    assert router.route(position()) == ("risk", PAIR)
    router.note(OTHER, order())
    assert router.route(position()) == ("risk", OTHER)


def test_who_holds_a_market_is_asked_anew_each_time() -> None:
    core = Core(Policy(), start_states())
    router = router_of(core)
    assert router.route(position()) == ("risk", WATCHER)
    core.board = board_of(PairSpawned(pair=PAIR, asset="BTC", taker_venue=TAKER, maker_venue=MAKER))
    assert router.route(position()) == ("risk", PAIR)
    close(core)
    assert router.route(position()) == ("risk", WATCHER)


def test_a_position_goes_also_to_whoever_has_its_profit_settled() -> None:
    router = routed()
    router.note(OTHER, order(Venue.DRIFT, asset="ETH"))
    assert router.route(position(Venue.DRIFT, "ETH")) == ("risk", OTHER, SETTLEMENT)
    assert router.route(position(Venue.DRIFT, "SOL")) == ("risk",)


def test_the_settlements_own_question_takes_no_market_from_its_pair() -> None:
    router = routed()
    question = QueryPosition(venue=Venue.DRIFT, asset="ETH")
    router.note(OTHER, question)
    router.note(SETTLEMENT, question)
    assert router.route(position(Venue.DRIFT, "ETH")) == ("risk", OTHER, SETTLEMENT)


@pytest.mark.parametrize(
    "message",
    [
        PnlSettled(venue=Venue.DRIFT, asset="ETH", amount_usd=ONE, venue_at_ns=0),
        PnlSettlementRejected(venue=Venue.DRIFT, asset="ETH", detail=""),
        PnlSettlementUnresolved(venue=Venue.DRIFT, asset="ETH", detail=""),
    ],
    ids=lambda message: type(message).__name__,
)
def test_a_word_on_a_settlement_goes_to_whoever_asks_for_it_and_is_recorded_without_one(message: AnyMessage) -> None:
    assert routed().route(message) == (SETTLEMENT,)
    elsewhere = msgspec.structs.replace(message, asset="SOL")
    assert routed().route(elsewhere) == (BOARD,)


@pytest.mark.parametrize("kind", [PositionDeleveraged, PositionLiquidated])
def test_a_forced_fill_goes_to_risk_and_to_the_holder(
    kind: type[PositionDeleveraged] | type[PositionLiquidated],
) -> None:
    router = routed()
    router.note(PAIR, order())
    forced = kind(venue=TAKER, asset="BTC", fill_id="1", side=Side.BUY, price=ONE, size=ONE, fee_usd=ONE, venue_at_ns=0)
    assert router.route(forced) == ("risk", PAIR)


def test_a_forced_fill_that_is_told_again_is_nobody_s() -> None:
    """After a restart a venue tells its history anew, when another pair may hold the market."""
    forced = PositionDeleveraged(
        venue=TAKER, asset="BTC", fill_id="1", side=Side.BUY, price=ONE, size=ONE, fee_usd=ONE, venue_at_ns=0
    )
    router = routed(bounds=CorePolicy(forced_most=2))
    router.heard(forced)
    assert router.route(forced) == (BOARD,)
    for number in ("2", "3"):
        other = msgspec.structs.replace(forced, fill_id=number)
        assert router.route(other)[0] == "risk"
    assert router.route(forced)[0] == "risk", "only the latest are remembered"


def foreign_fill() -> ForeignFilled:
    return ForeignFilled(
        venue=TAKER, asset="BTC", fill_id="1", side=Side.BUY, price=ONE, size=ONE, fee_usd=ONE, venue_at_ns=0
    )


def test_a_forced_fill_after_the_end_goes_to_the_pair_s_books_and_to_the_reconciler() -> None:
    router = routed(closed=True)
    router.note(PAIR, order())
    forced = PositionDeleveraged(
        venue=TAKER, asset="BTC", fill_id="1", side=Side.BUY, price=ONE, size=ONE, fee_usd=ONE, venue_at_ns=0
    )
    assert router.route(forced) == ("risk", PAIR, WATCHER)


def test_money_goes_to_whoever_traded_the_market_last_closed_or_not() -> None:
    router = routed(closed=True)
    messages: tuple[AnyMessage, ...] = (
        FundingPaid(
            venue=TAKER, asset="BTC", payment_id="1", amount_usd=ONE, rate_per_hour=ONE, size=ONE, venue_at_ns=0
        ),
        LossSocialised(venue=TAKER, asset="BTC", loss_id="1", amount_usd=ONE, size=ONE, venue_at_ns=0),
    )
    assert [router.route(message) for message in messages] == [("risk",), (BOARD,)], (
        "recorded, though nobody acts; risk counts money by itself"
    )
    router.note(PAIR, order())
    assert [router.route(message) for message in messages] == [("risk", PAIR), (PAIR,)]


def test_the_mark_of_a_market_we_hold_goes_to_risk_too() -> None:
    held = Held(venue=TAKER, asset="BTC", size=ONE)
    risk = RiskState(actor="risk", place="WATCHING.holding", positions={key_of(TAKER, "BTC"): held})
    router = Router({"risk": risk})

    def mark(venue: Venue, asset: str) -> MarketSampled:
        return MarketSampled(venue=venue, asset=asset, mark=ONE, oracle=ONE, open_interest=ONE, venue_at_ns=0)

    assert router.route(mark(TAKER, "BTC")) == (BOARD, "risk")
    assert router.route(mark(MAKER, "BTC")) == (BOARD,)
    assert router.route(mark(TAKER, "ETH")) == (BOARD,)
    flat = msgspec.structs.replace(risk, positions={key_of(TAKER, "BTC"): msgspec.structs.replace(held, size=ONE - 1)})
    assert Router({"risk": flat}).route(mark(TAKER, "BTC")) == (BOARD,)


def test_funding_that_is_told_late_belongs_to_the_pair_that_held_then() -> None:
    spawn = SpawnPair(actor=LATER, asset="BTC", taker_venue=TAKER, maker_venue=MAKER, first_to_close=MAKER)
    pairs = {state.actor: state for state in start_states() if isinstance(state, PairPosition)}
    entered = msgspec.structs.replace(pairs[PAIR], place="CLOSED.flat", entered_ns=100)
    later = msgspec.structs.replace(spawn_pair(spawn), entered_ns=200)
    router = Router({PAIR: entered, LATER: later})
    router.note(PAIR, order())
    router.note(LATER, order(order_id=STRANGE))

    def paid(at_ns: int) -> tuple[str, ...]:
        return router.route(
            FundingPaid(
                venue=TAKER, asset="BTC", payment_id="1", amount_usd=ONE, rate_per_hour=ONE, size=ONE, venue_at_ns=at_ns
            )
        )

    assert [paid(at_ns) for at_ns in (200, 199, 100)] == [("risk", LATER), ("risk", PAIR), ("risk", PAIR)]
    assert paid(99) == ("risk", LATER), "nobody's time: told to whoever trades the market now"


def test_the_group_of_pairs_is_those_not_closed_in_the_order_of_their_birth() -> None:
    assert routed().expand(PAIRS) == (PAIR, OTHER)
    assert routed(closed=True).expand(PAIRS) == (OTHER,)
    assert routed().expand("risk") == ("risk",)


def test_what_has_no_address_is_the_lifecycles() -> None:
    assert routed().route(DrainAsked(reason="?")) == ("engine_lifecycle",)


def test_only_the_latest_owners_are_remembered() -> None:
    router = routed(bounds=CorePolicy(owners_most=3))
    for number in range(4):
        router.note(PAIR, order(order_id=f"{number:032x}"))
    owners = [router.route(OrderUnknown(venue=TAKER, order_id=f"{number:032x}")) for number in range(4)]
    assert owners == [("risk",), *[("risk", PAIR)] * 3]
