from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st
from msgspec.structs import replace

from actors.board import Board, fold
from actors.commands import SubmitOrder
from actors.domain import NS_PER_S, DoneReason, Liquidity, Side, Venue
from actors.messages import (
    ActorFaulted,
    AnyMessage,
    DrainAsked,
    InstrumentListed,
    KillSwitchPulled,
    OrderDone,
    OrderFilled,
    OrderUnknown,
    PositionReported,
)
from actors.policy import RiskPolicy
from actors.risk import limits
from actors.risk.exposure import Exposed, exposures_with
from actors.risk.state import Held, key_of
from tests.actors.risk.orders import RiskPlay, limited, order, send, watching
from tests.actors.risk.test_books import fill
from tests.factories import ASSET, MAKER, TAKER, account, board_of, instrument, market_facts, sample, two_venues
from tests.playbook import START_NS

KILL = KillSwitchPulled(by="operator", reason="fire")


def net_exposure_usd(positions: dict[str, Held], board: Board) -> Decimal:
    """Signed sum of all positions at mark, counted a second time."""
    marks = {key: board.market(held.venue, held.asset).mark or Decimal(0) for key, held in positions.items()}
    return sum((held.size * marks[key] for key, held in positions.items()), Decimal(0))


def rule(play: RiskPlay, wish: SubmitOrder) -> str:
    """The rule that denies the order, or nothing."""
    denied = send(play, wish)
    return denied.rule if denied is not None else ""


@pytest.mark.parametrize("side", list(Side))
@pytest.mark.parametrize(
    ("limits", "size", "name"),
    [
        ({"order_notional_most_usd": Decimal(1000)}, "10", "order_notional_most_usd"),
        ({"venue_gross_most_usd": Decimal(1000)}, "10", "venue_gross_most_usd"),
        ({"asset_gross_most_usd": Decimal(1000)}, "10", "asset_gross_most_usd"),
        ({"total_gross_most_usd": Decimal(1000)}, "10", "total_gross_most_usd"),
        ({"total_net_most_usd": Decimal(1000)}, "10", "total_net_most_usd"),
        ({"leverage_most": Decimal("0.01")}, "10", "leverage_most"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_an_order_is_denied_beyond_a_limit_and_passes_at_it(
    limits: dict[str, Decimal], size: str, name: str, side: Side
) -> None:
    policy = limited(**limits)
    assert rule(watching(policy), order(size, side)) == ""
    assert rule(watching(policy), order(str(Decimal(size) + Decimal("0.01")), side)) == name


def test_a_denial_says_what_was_measured_and_allowed_and_is_counted() -> None:
    play = watching(limited(order_notional_most_usd=Decimal(1000)))
    denied = send(play, order("11"))
    assert denied is not None
    assert (denied.order_id, denied.venue, denied.measured, denied.limit) == ("order-1", TAKER, "1100.00", "1000")
    assert (play.state.denied, play.state.passed, play.state.in_flight) == (1, 0, {})


@pytest.mark.parametrize(("price", "name"), [("103", ""), ("103.1", "price_collar_bps"), ("96.9", "price_collar_bps")])
def test_a_price_far_from_the_mark_is_denied(price: str, name: str) -> None:
    assert rule(watching(), order(price=price)) == name


# --- a collar over time ----------------------------------------------------------------------------------------


def spiked(mark: str, minutes: int = 5, venue: Venue = TAKER) -> RiskPlay:
    """At 100 for some minutes, then there in one step."""
    play = watching()
    for _ in range(minutes):
        play.passes(60).play(*(sample(each) for each in (TAKER, MAKER)))
    return play.passes(60).play(sample(venue, mark))


@pytest.mark.parametrize(
    ("mark", "price", "name"),
    [
        ("104", "104", "path_collar_bps"),
        ("96", "96", "path_collar_bps"),
        ("103", "103", ""),
        ("104", "102.9", ""),
        ("102", "103.1", "path_collar_bps"),
    ],
)
def test_a_spike_of_the_mark_does_not_take_the_collar_with_it(mark: str, price: str, name: str) -> None:
    assert rule(spiked(mark), order(price=price)) == name


def test_the_denial_says_how_far_from_the_path_the_price_is() -> None:
    denied = send(spiked("104"), order(price="104"))
    assert denied is not None
    assert (denied.rule, denied.measured, denied.limit) == ("path_collar_bps", "400.0", "300")


def test_a_mark_that_stays_where_it_jumped_to_takes_its_path_along() -> None:
    play = spiked("104", minutes=2)
    for _ in range(4):
        play.passes(60).play(sample(TAKER, "104"))
    assert rule(play, order(price="104")) == ""


def test_where_the_mark_has_been_must_be_known_to_open() -> None:
    policy = limited(path_samples_least=3)
    play = watching(policy)
    assert rule(play, order(order_id="a")) == "path_samples_least"
    play.passes(60).play(sample(TAKER)).passes(60).play(sample(TAKER))
    assert rule(play, order(order_id="b")) == ""
    denied = send(play.passes(900), order(order_id="c", at_ns=play.at_ns))
    assert denied is not None
    assert (denied.rule, denied.limit) == ("path_samples_least", "3")


def test_the_largest_order_of_an_asset_is_told_with_its_denial() -> None:
    denied = send(watching(limited(order_base_most={"BTC": Decimal("0.5")})), order("0.6"))
    assert denied is not None
    assert (denied.rule, denied.measured, denied.limit) == ("order_base_most", "0.6 BTC", "0.5")


def test_neither_a_close_nor_a_hedge_is_kept_back_by_the_path() -> None:
    """The one leaves, the other ends a naked leg: both at a price the market has today."""
    play = spiked("104", venue=MAKER)
    far = order("10", Side.SELL, MAKER, price="104", order_id="far")
    assert rule(play, replace(far, reduce_only=True, order_id="closes")) == ""
    assert rule(play, replace(far, purpose="sweep")) == "path_collar_bps", "it opens: nothing is naked"
    assert rule(play, order("10")) == ""
    play.play(fill("10"))
    assert rule(play, replace(far, purpose="sweep", order_id="hedges")) == ""


@given(
    marks=st.lists(st.integers(90, 110), min_size=1, max_size=8),
    price=st.integers(85, 115),
    side=st.sampled_from(Side),
    bps=st.sampled_from((50, 300, 900)),
)
def test_no_opening_order_leaves_outside_the_collar_over_time(
    marks: list[int], price: int, side: Side, bps: int
) -> None:
    """Whatever the mark has done, a minute at a time within the window, and whatever the collar about it allows."""
    play = watching(limited(path_collar_bps=Decimal(bps), price_collar_bps=Decimal(10_000)), Board())
    for fact in market_facts(TAKER):
        play.board = fold(play.board, fact, START_NS - 3600 * NS_PER_S)
    for mark in marks:
        play.passes(60).play(sample(TAKER, str(mark)))
    ordered = sorted(Decimal(mark) for mark in marks)
    middle = (ordered[(len(ordered) - 1) // 2] + ordered[len(ordered) // 2]) / 2
    outside = abs(price - middle) * 10_000 > bps * middle
    assert rule(play, order(side=side, price=str(price))) == ("path_collar_bps" if outside else "")


# --- counts and exposure -----------------------------------------------------------------------------------------


def test_orders_a_minute_are_bounded_and_the_minute_passes() -> None:
    play = watching(limited(orders_per_minute_most=2))
    assert [rule(play, order(order_id=str(number))) for number in range(3)] == ["", "", "orders_per_minute_most"]
    assert rule(play.passes(60), order(order_id="later")) == ""


def test_nothing_opens_on_an_account_that_is_not_known() -> None:
    bare = board_of(*market_facts(TAKER)[:4])
    assert rule(watching(board=bare), order()) == "leverage_most"
    assert rule(watching(board=board_of(*market_facts(TAKER), account(TAKER, "0"))), order()) == "leverage_most"


def test_an_order_in_flight_counts_as_filled() -> None:
    play = watching(limited(asset_gross_most_usd=Decimal(1500)))
    assert rule(play, order("10", order_id="a")) == ""
    assert rule(play, order("10", venue=MAKER, order_id="b")) == "asset_gross_most_usd"


def test_a_position_counts_too() -> None:
    play = watching(limited(asset_gross_most_usd=Decimal(1500)))
    play.play(PositionReported(venue=MAKER, asset=ASSET, size=Decimal(-10), venue_at_ns=START_NS))
    assert rule(play, order("10")) == "asset_gross_most_usd"
    assert rule(play, order("5")) == ""


def test_the_hedge_of_a_naked_leg_lowers_the_net_and_passes() -> None:
    play = watching(limited(total_net_most_usd=Decimal(1000)))
    assert rule(play, order("10", Side.SELL, order_id="a")) == ""
    assert rule(play, order("1", Side.SELL, order_id="b")) == "total_net_most_usd"
    assert rule(play, order("10", Side.BUY, MAKER, order_id="c")) == ""
    assert net_exposure_usd(play.state.positions, play.board) == 0


def test_the_worst_case_of_a_market_is_one_side_filled_alone() -> None:
    play = watching()
    for number, (size, side) in enumerate((("10", Side.BUY), ("4", Side.SELL))):
        assert rule(play, order(size, side, order_id=str(number))) == ""
    assert exposures_with(play.state, None) == [Exposed(key_of(TAKER, ASSET), Decimal(6), Decimal(10), Decimal(-4))]


@pytest.mark.parametrize("stop", [DrainAsked(reason=""), KILL, ActorFaulted(error="")], ids=lambda m: type(m).__name__)
def test_once_openings_are_stopped_only_reducing_orders_pass(stop: AnyMessage) -> None:
    play = watching(limited(order_notional_most_usd=Decimal(1), orders_per_minute_most=0)).play(stop)
    assert rule(play, order("0.001")) == "openings_stopped"
    assert rule(play, order("1000", price="1", reduce_only=True)) == ""


# --- whatever the sequence ---------------------------------------------------------------------------------

MARKS = {"BTC": Decimal(100), "ETH": Decimal(40)}
LIMITS = limited(
    order_notional_most_usd=Decimal(1000),
    venue_gross_most_usd=Decimal(2500),
    asset_gross_most_usd=Decimal(2200),
    total_gross_most_usd=Decimal(4000),
    total_net_most_usd=Decimal(1500),
    leverage_most=Decimal(3),
    orders_per_minute_most=1000,
)
EQUITY = Decimal(800)
Market = tuple[Venue, str]
MARKETS: tuple[Market, ...] = ((TAKER, "BTC"), (MAKER, "BTC"), (TAKER, "ETH"), (MAKER, "ETH"))


class Count:
    """A second count of positions and of what opening orders may still fill."""

    def __init__(self) -> None:
        facts = [fact for venue, asset in MARKETS for fact in market_facts(venue, asset)]
        marks = [sample(venue, str(MARKS[asset]), asset) for venue, asset in MARKETS]
        accounts = [account(venue, str(EQUITY)) for venue in (TAKER, MAKER)]
        self.play = watching(LIMITS, board_of(*facts, *marks, *accounts))
        self.positions: dict[Market, Decimal] = dict.fromkeys(MARKETS, Decimal(0))
        self.open: dict[str, tuple[SubmitOrder, Decimal]] = {}
        self.sent = 0

    def order(self, market: int, tenths: int, sell: bool, reduce_only: bool) -> None:
        """Send one; what passes must be within every limit, all orders in flight counted as filled."""
        venue, asset = MARKETS[market]
        size, side = str(Decimal(1 + tenths) / 2), Side.SELL if sell else Side.BUY
        self.sent += 1
        wish = order(
            size, side, venue, asset, order_id=str(self.sent), price=str(MARKS[asset]), reduce_only=reduce_only
        )
        denied = send(self.play, wish)
        if reduce_only:
            assert denied is None
        if denied is None:
            self.open[wish.order_id] = (wish, wish.size)
            if not reduce_only:
                self.check(wish)

    def fact(self, which: int, tenths: int, ends: bool) -> None:
        """Part of an order fills, or it ends there; each is told twice."""
        if not self.open:
            return
        order_id = list(self.open)[which % len(self.open)]
        wish, left = self.open[order_id]
        size = (left * tenths / 10).quantize(Decimal("0.01"))
        market = (wish.venue, wish.asset)
        self.positions[market] += wish.side.sign * size
        told = self._done(wish, wish.size - left + size) if ends else self._fill(wish, size)
        if ends or size == left:
            del self.open[order_id]
        else:
            self.open[order_id] = (wish, left - size)
        if size or ends:
            self.play.play(told, told)

    def report(self, market: int, tenths: int) -> None:
        """The venue's word, which counts where nothing is in flight."""
        venue, asset = MARKETS[market]
        size = Decimal(tenths - 5)
        self.play.play(PositionReported(venue=venue, asset=asset, size=size, venue_at_ns=START_NS))
        if not any((wish.venue, wish.asset) == MARKETS[market] for wish, _ in self.open.values()):
            self.positions[MARKETS[market]] = size

    def check(self, wish: SubmitOrder) -> None:
        filled = dict(self.positions)
        for other, left in self.open.values():
            if not other.reduce_only:
                filled[other.venue, other.asset] += other.side.sign * left
        usd = {market: size * MARKS[market[1]] for market, size in filled.items()}
        gross = {market: abs(value) for market, value in usd.items()}
        limits, zero = LIMITS.risk, Decimal(0)
        venue = sum((value for market, value in gross.items() if market[0] is wish.venue), zero)
        asset = sum((value for market, value in gross.items() if market[1] == wish.asset), zero)
        assert wish.size * MARKS[wish.asset] <= limits.order_notional_most_usd
        assert venue <= limits.venue_gross_most_usd
        assert venue <= limits.leverage_most * EQUITY
        assert asset <= limits.asset_gross_most_usd
        assert sum(gross.values(), zero) <= limits.total_gross_most_usd
        assert abs(sum(usd.values(), zero)) <= limits.total_net_most_usd

    def check_books(self) -> None:
        held = {key: position.size for key, position in self.play.state.positions.items()}
        for (venue, asset), size in self.positions.items():
            assert held.get(key_of(venue, asset), Decimal(0)) == size
        assert sorted(self.play.state.in_flight) == sorted(self.open)

    @staticmethod
    def _done(wish: SubmitOrder, told: Decimal) -> OrderDone:
        return OrderDone(venue=wish.venue, order_id=wish.order_id, filled=told, reason=DoneReason.CANCELED)

    def _fill(self, wish: SubmitOrder, size: Decimal) -> OrderFilled:
        return OrderFilled(
            venue=wish.venue,
            asset=wish.asset,
            order_id=wish.order_id,
            fill_id=f"fill-{self.play.seq}",
            side=wish.side,
            price=wish.limit_price,
            size=size,
            fee_usd=Decimal(0),
            liquidity=Liquidity.TAKER,
            venue_at_ns=START_NS,
        )


MARKET, TENTHS = st.integers(0, 3), st.integers(0, 10)
MOVES = st.lists(
    st.one_of(
        st.tuples(st.just("order"), MARKET, TENTHS, st.booleans(), st.just(False)),
        st.tuples(st.just("order"), MARKET, TENTHS, st.booleans(), st.booleans()),
        st.tuples(st.just("fact"), st.integers(0, 9), TENTHS, st.booleans()),
        st.tuples(st.just("report"), MARKET, TENTHS),
    ),
    min_size=5,
    max_size=50,
)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(moves=MOVES)
def test_no_opening_order_passes_outside_any_limit_whatever_the_sequence(moves: list[tuple[str, int]]) -> None:
    count = Count()
    for name, *values in moves:
        getattr(count, name)(*values)
        count.check_books()


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(before=MOVES, after=MOVES)
def test_after_the_kill_switch_no_opening_order_passes_and_every_reducing_one_does(
    before: list[tuple[str, int]], after: list[tuple[str, int]]
) -> None:
    count = Count()
    for name, *values in before:
        getattr(count, name)(*values)
    count.play.play(KILL)
    passed = len(count.play.orders)
    for name, *values in after:
        getattr(count, name)(*values)
    wanted = [values for name, *values in after if name == "order" and values[-1]]
    assert [wish.reduce_only for wish in count.play.orders[passed:]] == [True] * len(wanted)


def test_the_board_s_mark_values_a_position_else_its_mid() -> None:
    play = watching(board=two_venues()).play(
        PositionReported(venue=TAKER, asset=ASSET, size=Decimal(3), venue_at_ns=START_NS), sample(TAKER, "110")
    )
    assert net_exposure_usd(play.state.positions, play.board) == 330


def test_an_order_its_venue_does_not_know_counts_until_that_venue_s_own_grace_is_over() -> None:
    listed = InstrumentListed(instrument=instrument(TAKER, lapse_grace_ns=10 * NS_PER_S))
    play = watching(board=board_of(*market_facts(TAKER), *market_facts(MAKER), listed))
    send(play, order(at_ns=play.at_ns))
    lost = OrderUnknown(venue=TAKER, order_id="order-1")
    assert "order-1" in play.passes(29.9).play(lost).state.in_flight
    assert "order-1" not in play.passes(0.2).play(lost).state.in_flight


# --- the table of the documentation ------------------------------------------------------------------------


def told_limits() -> dict[str, str]:
    """Limit and default, by the table in the module's docstring; a star stands behind what hedging passes."""
    rows = [line.split("|") for line in (limits.__doc__ or "").splitlines() if line.startswith("| ")]
    return {row[1].replace("*", "").strip(): row[2].strip() for row in rows[1:]}


def test_the_table_names_every_limit_of_the_policy_with_its_default() -> None:
    told = told_limits()
    windows = ("repeated_executions_window_s", "account_age_most_s", "path_window_s")
    known = {name: getattr(RiskPolicy(), name) for name in RiskPolicy.__struct_fields__ if name not in windows}
    others = ("openings_stopped", "daily_loss_most_usd")
    assert sorted(told) == sorted((*known, *others))
    for name, value in known.items():
        assert told[name] == ("none" if value == {} else str(value))


def test_the_table_says_which_limits_a_hedge_passes() -> None:
    """Each limit at nothing at all: a hedge that is denied by it, or not."""
    starred = [line.split()[1] for line in (limits.__doc__ or "").splitlines() if " * |" in line]
    hedge = replace(order("10", Side.SELL, MAKER, order_id="hedge", price="99"), purpose="sweep")
    for name in told_limits():
        if name in ("openings_stopped", "daily_loss_most_usd"):
            continue
        play = watching()
        assert send(play, order("10")) is None
        play.play(fill("10"))
        nothing: object = {"BTC": Decimal(0)} if name == "order_base_most" else 0
        play.policy = limited(**{name: nothing})
        denied = send(play, hedge)
        exempt = name in starred or name in ("venue_long_most_usd", "total_net_most_usd")  # it makes none of that
        assert (denied is None) is exempt, name
