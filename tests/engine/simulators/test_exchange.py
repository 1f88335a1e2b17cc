"""Random lives of an exchange: whatever is asked of it, in any order, these hold after every call."""

from collections.abc import Callable
from typing import Any

from hypothesis import HealthCheck, given, settings, strategies as st

from engine.simulators.exchange import (
    CrowdSpec,
    Events,
    Exchange,
    FillCause,
    FundingPaid,
    FundingSettled,
    NewOrder,
    OrderAccepted,
    OrderFilled,
    TimeInForce,
)
from engine.simulators.exchange.state import BACKSTOP, EXTERNAL
from tests.engine.simulators.exchange_builders import BTC, NS_PER_S, SOL, T0, D, conserved, exchange, point

SPECS = {"BTC": BTC, "SOL": SOL}
START = {"BTC": 50_000, "SOL": 150}
assets = st.sampled_from(["BTC", "SOL"])
accounts = st.sampled_from(["alice", "bob"])

points = st.tuples(
    st.just("point"),
    assets,
    st.integers(-1200, 1200),
    st.sampled_from([1, 60, 1800, 3600]),
    st.sampled_from(["0", "0.5", "30"]),
    st.integers(-30, 30),
)
orders = st.tuples(
    st.just("place"),
    accounts,
    assets,
    st.booleans(),
    st.integers(1, 60_000),
    st.one_of(st.none(), st.integers(-300, 300)),
    st.sampled_from(list(TimeInForce)),
    st.booleans(),
)
levers = st.tuples(
    st.sampled_from(["deleverage", "liquidate", "set_position", "halt", "reopen", "cancel"]),
    accounts,
    assets,
    st.integers(-300, 300),
)
lives = st.lists(st.one_of(points, orders, orders, levers), min_size=4, max_size=30)


class Life:
    """One exchange being driven, with what must be remembered to judge it."""

    def __init__(self, crowd: bool) -> None:
        spec = CrowdSpec(accounts_per_asset=4, notional_usd_max=D(400_000)) if crowd else None
        self.venue: Exchange = exchange(crowd=spec)
        self.crowd, self.now = crowd, T0
        self.mid = {asset: D(START[asset]) for asset in START}
        self.asked: dict[int, OrderAccepted] = {}
        for asset in START:
            self.judge(self.venue.set_point(self.now, self._point(asset, "0", 0)))

    def _point(self, asset: str, flow: str, gap_bps: int) -> Any:
        oracle = str(self.mid[asset] * (1 + D(gap_bps) / 10_000))
        depth = (("0", "0.7"), ("3", "2"), ("40", "9")) if asset == "BTC" else (("0", "80"), ("25", "900"))
        return point(
            str(self.mid[asset]), at_ns=self.now, asset=asset, oracle=oracle, depth=depth, buys=flow, sells=flow
        )

    def point(self, asset: str, move_bps: int, step_s: int, flow: str, gap_bps: int) -> None:
        self.now += step_s * NS_PER_S
        self.mid[asset] = (self.mid[asset] * (1 + D(move_bps) / 10_000)).quantize(D("0.01"))
        self.judge(self.venue.set_point(self.now, self._point(asset, flow, gap_bps)))
        outside = self.venue._state.accounts[EXTERNAL].cash, self.venue._state.accounts[BACKSTOP].cash
        events = self.venue.settle_funding(self.now)
        if not self.crowd and all(isinstance(event, FundingPaid | FundingSettled) for event in events):
            paid = sum((e.amount_usd for e in events if isinstance(e, FundingPaid)), D(0))
            after = self.venue._state.accounts[EXTERNAL].cash + self.venue._state.accounts[BACKSTOP].cash
            assert after - sum(outside) == -paid
        self.judge(events)

    def place(
        self, account: str, asset: str, is_buy: bool, lots: int, offset_bps: int | None, tif: TimeInForce, reduce: bool
    ) -> None:
        spec = SPECS[asset]
        price = None if offset_bps is None else spec.nearest_price(self.mid[asset] * (1 + D(offset_bps) / 10_000))
        wish = NewOrder(
            asset=asset,
            is_buy=is_buy,
            size=lots * spec.lot,
            price=price,
            max_slippage=D("0.02"),
            time_in_force=TimeInForce.IOC if price is None else tif,
            reduce_only=reduce,
        )
        self.judge(self.venue.place(self.now, account, wish))

    def lever(self, name: str, account: str, asset: str, number: int) -> None:
        venue, size = self.venue, number * SPECS[asset].lot * 100
        acts: dict[str, Callable[[], Events]] = {
            "deleverage": lambda: venue.deleverage(self.now, account, asset, abs(size)),
            "liquidate": lambda: venue.liquidate(self.now, account, asset),
            "set_position": lambda: venue.set_position(self.now, account, asset, size),
            "halt": lambda: venue.halt(self.now, asset),
            "reopen": lambda: venue.reopen(self.now, asset),
            "cancel": lambda: venue.cancel_all(self.now, account, asset),
        }
        self.judge(acts[name]())

    def judge(self, events: Events) -> None:
        assert conserved(self.venue)
        for event in events:
            if isinstance(event, OrderAccepted):
                self.asked[event.order_id] = event
            if isinstance(event, OrderFilled):
                self._judge_fill(event)
        self._judge_book()

    def _judge_fill(self, fill: OrderFilled) -> None:
        spec = SPECS[fill.asset]
        assert spec.price_fits(fill.price)
        assert spec.size_fits(fill.size)
        assert fill.position_after - fill.position_before == (fill.size if fill.is_buy else -fill.size)
        if fill.cause is FillCause.ORDER:
            self._judge_own(fill, self.asked[fill.order_id])
        elif fill.cause is not FillCause.MANUAL:
            assert abs(fill.position_after) < abs(fill.position_before)

    def _judge_own(self, fill: OrderFilled, asked: OrderAccepted) -> None:
        assert fill.filled_total <= asked.size
        if asked.price is not None:
            assert fill.price <= asked.price if asked.is_buy else fill.price >= asked.price
        if asked.reduce_only:
            assert abs(fill.position_after) < abs(fill.position_before)
        if asked.time_in_force is TimeInForce.POST_ONLY:
            assert not fill.is_taker

    def _judge_book(self) -> None:
        for asset in START:
            book = self.venue.book(asset)
            if book.bids and book.asks:
                assert book.bids[0].price < book.asks[0].price
            assert all(level.size > 0 for level in (*book.bids, *book.asks))


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(crowd=st.booleans(), life=lives)
def test_whatever_happens_money_sizes_and_orders_stay_true(crowd: bool, life: list[tuple[Any, ...]]) -> None:
    driven = Life(crowd)
    for step in life:
        if step[0] == "point":
            driven.point(*step[1:])
        elif step[0] == "place":
            driven.place(*step[1:])
        else:
            driven.lever(*step)
