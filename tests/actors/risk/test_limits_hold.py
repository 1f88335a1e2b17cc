"""Whatever is sent, filled, refused or told late, and whatever the limit: no opening order leaves outside it.

Everything is counted a second time here, from the orders that passed and the facts that were told.
"""

from __future__ import annotations

from decimal import Decimal
from typing import NamedTuple

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st
from msgspec.structs import replace

from actors.commands import CancelOrder, SubmitOrder
from actors.domain import NS_PER_S, DoneReason, Liquidity, RejectReason, Side, Venue
from actors.messages import AnyMessage, OrderDone, OrderFilled, OrderRejected, PositionReported
from actors.risk.limits import canceled
from tests.actors.risk.orders import calm, limited, order, send, watching
from tests.factories import MAKER, TAKER, account, board_of, market_facts, sample
from tests.playbook import START_NS

MARKS = {"BTC": Decimal(100), "ETH": Decimal(40)}
MARKETS: tuple[tuple[Venue, str], ...] = ((TAKER, "BTC"), (MAKER, "BTC"), (TAKER, "ETH"), (MAKER, "ETH"))
PAIRS = ("pair_position/BTC-1", "pair_position/ETH-2")
EQUITY = Decimal(800)
ZERO = Decimal(0)
WINDOW_S = 120.0
LOOSE: dict[str, object] = {
    **dict.fromkeys(("order_notional_most_usd", "asset_gross_most_usd", "total_net_most_usd"), Decimal(10**9)),
    **{
        f"{what}_{side}_most_usd": Decimal(10**9)
        for what in ("pair", "venue", "total")
        for side in ("long", "short", "gross")
    },
    **dict.fromkeys(("leverage_most", "price_collar_bps", "path_collar_bps"), Decimal(10**9)),
    **dict.fromkeys(
        (
            "orders_per_minute_most",
            "messages_per_minute_most",
            "messages_per_second_most",
            "venue_messages_per_minute_most",
            "venue_messages_per_second_most",
            "hedges_per_minute_most",
            "repeated_executions_most",
        ),
        10**6,
    ),
    "repeated_executions_window_s": WINDOW_S,
}
"""Nothing binds but the one limit that is tried."""
USD = tuple(name for name in LOOSE if name.endswith("_usd"))
COUNTS = tuple(name for name, value in LOOSE.items() if isinstance(value, int))


class Out(NamedTuple):
    """An order that is out, by this count."""

    wish: SubmitOrder
    actor: str
    left: Decimal
    opens: bool

    @property
    def market(self) -> tuple[Venue, str]:
        return self.wish.venue, self.wish.asset


class Count:
    """The second count, and the screen that is judged by it."""

    def __init__(self, name: str, limit: object) -> None:
        self.name, self.limit = name, limit
        facts = [fact for venue, asset in MARKETS for fact in market_facts(venue, asset)]
        marks = [sample(venue, str(MARKS[asset]), asset) for venue, asset in MARKETS]
        accounts = [account(venue, str(EQUITY)) for venue in (TAKER, MAKER)]
        changed = {"BTC": limit, "ETH": limit} if name == "order_base_most" else limit
        self.play = watching(limited(**{**LOOSE, name: changed}), calm(board_of(*facts, *marks, *accounts)))
        self.held = dict.fromkeys(MARKETS, ZERO)
        self.owner: dict[tuple[Venue, str], str] = {}
        self.out: dict[str, Out] = {}
        self.over: list[OrderFilled] = []
        self.sent: list[tuple[int, Venue, str]] = []
        self.executed: list[tuple[int, tuple[Venue, str], Side]] = []
        self.disarmed: list[tuple[Venue, str]] = []
        self.numbers = 0

    # --- what happens --------------------------------------------------------------------------------------

    def order(self, market: int, tenths: int, sell: bool, pair: int, way: int, far: int) -> None:
        venue, asset = MARKETS[market]
        self.numbers += 1
        wish = order(
            str(Decimal(1 + tenths) / 2),
            Side.SELL if sell else Side.BUY,
            venue,
            asset,
            order_id=str(self.numbers),
            price=str(MARKS[asset] * (100 + far) / 100),
            reduce_only=way == 2,
        )
        wish = replace(wish, purpose=("taker", "maker", "close")[way])
        actor, hedges = PAIRS[pair], self._hedges(PAIRS[pair], wish)
        denied = send(self.play, wish, actor)
        if denied is not None:
            assert not wish.reduce_only, "what reduces always passes"
            assert denied.rule == self.name
            return
        self.owner[venue, asset] = actor
        if not wish.reduce_only:
            self._check_counts(wish, hedges)
        self.sent.append((self.play.at_ns, venue, "reduce" if wish.reduce_only else "hedge" if hedges else "open"))
        self.out[wish.order_id] = Out(wish, actor, wish.size, not wish.reduce_only and not hedges)
        if not wish.reduce_only and not (hedges and self.name == "path_collar_bps"):
            self._check_sizes(wish, actor)

    def fill(self, which: int, tenths: int, ends: bool) -> None:
        """Part of an order fills, or it ends there; each is told twice, and fills of what ended once more later."""
        if not self.out:
            return
        order_id = list(self.out)[which % len(self.out)]
        out = self.out[order_id]
        size = (out.left * tenths / 10).quantize(Decimal("0.01"))
        if size and out.opens and out.left == out.wish.size:
            self._execute(out)
        self.held[out.market] += out.wish.side.sign * size
        told = self._fill(out.wish, size)
        if ends or size == out.left:
            del self.out[order_id]
        else:
            self.out[order_id] = out._replace(left=out.left - size)
        filled = out.wish.size - out.left + size
        over = OrderDone(venue=out.wish.venue, order_id=order_id, filled=filled, reason=DoneReason.CANCELED)
        messages: tuple[AnyMessage, ...] = (over, told, over) if ends else (told, told)
        self.play.play(*(messages if size or ends else ()))
        self.over.append(told)

    def refuse(self, which: int) -> None:
        """One that nothing has filled of yet."""
        whole = [name for name, out in self.out.items() if out.left == out.wish.size]
        if whole:
            name = whole[which % len(whole)]
            venue = self.out.pop(name).wish.venue
            self.play.play(OrderRejected(venue=venue, order_id=name, reason=RejectReason.OTHER, detail=""))

    def late(self, which: int) -> None:
        """An old fill is told once more."""
        if self.over:
            self.play.play(self.over[which % len(self.over)])

    def report(self, market: int, tenths: int) -> None:
        """The venue's word, which counts where nothing is in flight."""
        size, (venue, asset) = Decimal(tenths - 5), MARKETS[market]
        self.play.play(PositionReported(venue=venue, asset=asset, size=size, venue_at_ns=START_NS))
        if not any(out.market == MARKETS[market] for out in self.out.values()):
            self.held[MARKETS[market]] = size

    def cancel(self, market: int) -> None:
        venue, asset = MARKETS[market]
        self.play.state = canceled(
            self.play.state, CancelOrder(venue=venue, asset=asset, order_id="x"), self.play.at_ns
        )
        self.sent.append((self.play.at_ns, venue, "cancel"))

    def wait(self, tenths: int) -> None:
        self.play.passes(tenths * tenths)

    # --- what must hold ------------------------------------------------------------------------------------

    def _execute(self, out: Out) -> None:
        now = self.play.at_ns + 1_000_000  # a playbook's messages come a millisecond later each
        self.executed.append((now, out.market, out.wish.side))
        if self.name == "repeated_executions_most" and self._executions(out.market, out.wish.side, now) >= self._most:
            self.disarmed.append(out.market)

    @property
    def _most(self) -> int:
        assert isinstance(self.limit, int)
        return self.limit

    def _executions(self, market: tuple[Venue, str], side: Side, now: int) -> int:
        window_ns = round(WINDOW_S * NS_PER_S)
        return sum(1 for at, where, way in self.executed if (where, way) == (market, side) and now - at < window_ns)

    def _hedges(self, actor: str, wish: SubmitOrder) -> bool:
        """It goes against the sum of what the pair's legs hold, and with what does so already stays within it."""
        markets = [m for m in MARKETS if m[1] == wish.asset]
        here = (wish.venue, wish.asset)
        own = [m for m in markets if self.owner.get(m) == actor or (m == here and m not in self.owner)]
        naked = sum((self.held[m] for m in own), ZERO)
        out = [
            o
            for o in self.out.values()
            if o.market in (*own, here) and o.wish.side is wish.side and not o.wish.reduce_only
        ]
        under_way = sum((o.left for o in out if not o.wish.reduce_only), ZERO)
        return wish.purpose == "maker" and naked * wish.side.sign < 0 and wish.size + under_way <= abs(naked)

    def _check_counts(self, wish: SubmitOrder, hedges: bool) -> None:
        """Before it left, fewer had left than are allowed."""
        now = self.play.at_ns
        if self.name not in COUNTS:
            return
        if hedges:
            hedged = [at for at, _, kind in self.sent if kind == "hedge" and now - at < 60 * NS_PER_S]
            assert self.name != "hedges_per_minute_most" or len(hedged) < self._most
            return
        seconds = 1 if "second" in self.name else 60
        recent = [(venue, kind) for at, venue, kind in self.sent if now - at < seconds * NS_PER_S]
        if self.name.startswith("venue"):
            recent = [(venue, kind) for venue, kind in recent if venue is wish.venue]
        if self.name == "orders_per_minute_most":
            recent = [(venue, kind) for venue, kind in recent if kind != "cancel"]
        if self.name == "repeated_executions_most":
            market = (wish.venue, wish.asset)
            out = [o for o in self.out.values() if o.market == market and o.opens and o.wish.side is wish.side]
            fresh = [o for o in out if o.left == o.wish.size]
            assert market not in self.disarmed
            assert self._executions(market, wish.side, now) + len(fresh) < self._most
        elif self.name != "hedges_per_minute_most":
            assert len(recent) < self._most

    def _check_sizes(self, wish: SubmitOrder, actor: str) -> None:
        """With it in flight and all that is out filled, nothing is larger than allowed."""
        if self.name in COUNTS:
            return
        assert isinstance(self.limit, Decimal)
        assert self._measured(wish, actor) <= self.limit, self.name

    def _measured(self, wish: SubmitOrder, actor: str) -> Decimal:
        mark = MARKS[wish.asset]
        alone = {
            "order_notional_most_usd": wish.size * mark,
            "order_base_most": wish.size,
            "price_collar_bps": abs(wish.limit_price / mark - 1) * 10_000,
            "path_collar_bps": abs(wish.limit_price / mark - 1) * 10_000,
        }
        if self.name in alone:
            return alone[self.name]
        within = {
            "pair": [m for m in MARKETS if self.owner.get(m) == actor],
            "venue": [m for m in MARKETS if m[0] is wish.venue],
            "leverage": [m for m in MARKETS if m[0] is wish.venue],
            "asset": [m for m in MARKETS if m[1] == wish.asset],
            "total": list(MARKETS),
        }[self.name.partition("_")[0]]
        worst = [self._worst(market) for market in within]
        if "net" in self.name:
            return abs(sum((held + bought - sold for held, bought, sold in worst), ZERO))
        if "long" in self.name:
            return sum((max(ZERO, held + bought) for held, bought, _ in worst), ZERO)
        if "short" in self.name:
            return sum((max(ZERO, sold - held) for held, _, sold in worst), ZERO)
        gross = sum((max(abs(held + bought), abs(held - sold)) for held, bought, sold in worst), ZERO)
        return gross / EQUITY if self.name == "leverage_most" else gross

    def _worst(self, market: tuple[Venue, str]) -> tuple[Decimal, Decimal, Decimal]:
        """What is held, may still be bought and may still be sold there, in USD."""
        out = [o for o in self.out.values() if o.market == market and not o.wish.reduce_only]
        bought = sum((o.left for o in out if o.wish.side is Side.BUY), ZERO)
        sold = sum((o.left for o in out if o.wish.side is Side.SELL), ZERO)
        mark = MARKS[market[1]]
        return self.held[market] * mark, bought * mark, sold * mark

    def _fill(self, wish: SubmitOrder, size: Decimal) -> OrderFilled:
        return OrderFilled(
            venue=wish.venue,
            asset=wish.asset,
            order_id=wish.order_id,
            fill_id=f"fill-{self.play.seq}",
            side=wish.side,
            price=wish.limit_price,
            size=size,
            fee_usd=ZERO,
            liquidity=Liquidity.TAKER,
            venue_at_ns=START_NS,
        )


MARKET, TENTHS, WHICH = st.integers(0, 3), st.integers(0, 10), st.integers(0, 9)
PAIR, WAY = st.sampled_from((0, 0, 0, 1)), st.sampled_from((0, 0, 1, 1, 2))
ORDER = st.tuples(st.just("order"), MARKET, TENTHS, st.booleans(), PAIR, WAY, st.integers(-2, 2))
MOVES = st.lists(
    st.one_of(
        ORDER,
        ORDER,
        st.tuples(st.just("fill"), WHICH, TENTHS, st.booleans()),
        st.tuples(st.just("refuse"), WHICH),
        st.tuples(st.just("late"), WHICH),
        st.tuples(st.just("report"), MARKET, TENTHS),
        st.tuples(st.just("cancel"), MARKET),
        st.tuples(st.just("wait"), st.integers(0, 8)),
    ),
    min_size=10,
    max_size=40,
)
SIZES = st.integers(1, 12).map(lambda many: Decimal(many * 50))
LIMITS: dict[str, st.SearchStrategy[object]] = {
    **dict.fromkeys(USD, SIZES),
    **dict.fromkeys(COUNTS, st.integers(1, 4)),
    "hedges_per_minute_most": st.just(1),
    "order_base_most": st.integers(1, 5).map(Decimal),
    "leverage_most": st.integers(1, 30).map(lambda tenths: Decimal(tenths) / 10),
    "price_collar_bps": st.integers(0, 200).map(Decimal),
    "path_collar_bps": st.integers(0, 200).map(Decimal),
}


@pytest.mark.parametrize("name", list(LIMITS))
def test_no_opening_order_leaves_outside_the_limit(name: str) -> None:
    bound = []

    @settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(limit=LIMITS[name], moves=MOVES)
    def holds(limit: object, moves: list[tuple[str, int]]) -> None:
        count = Count(name, limit)
        count.order(0, 10, False, 0, 0, 0)
        count.fill(0, 10, False)
        for _ in range(2):
            count.order(1, 0, True, 0, 1, 0)
        for move, *values in moves:
            getattr(count, move)(*values)
        bound.append(count.play.state.denied)

    holds()
    assert any(bound), "a limit that never binds is not tried"
