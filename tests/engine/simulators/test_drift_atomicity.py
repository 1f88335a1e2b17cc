"""Whatever a transaction holds: all of its instructions take effect or none does, and the books stay the exchange's."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from hypothesis import HealthCheck, given, settings, strategies as st

from engine.simulators.exchange import Exchange
from tests.engine.simulators.drift_world import Desk, order

PRICES = st.sampled_from(["140", "149.9", "150", "150.1", "160"])
SIZES = st.sampled_from(["0.5", "3", "40", "2000"])
TERMS = st.fixed_dictionaries(
    {
        "price": PRICES,
        "size": SIZES,
        "buy": st.booleans(),
        "reduce_only": st.booleans(),
        "user_order_id": st.integers(0, 3),
        "post_only": st.sampled_from(["NONE", "NONE", "MustPostOnly", "TryPostOnly", "Slide"]),
    }
)
CALLS = st.one_of(
    st.tuples(st.just("place_perp_order"), TERMS),
    st.tuples(st.just("place_and_take_perp_order"), TERMS),
    st.tuples(st.just("cancel_order_by_user_id"), st.integers(1, 3)),
    st.tuples(st.just("cancel_orders"), st.none()),
    st.tuples(st.just("settle_pnl"), st.none()),
)
STEPS = st.lists(st.tuples(st.lists(CALLS, min_size=1, max_size=4), st.integers(0, 2)), min_size=1, max_size=6)
RELAXED = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def built(desk: Desk, call: tuple[str, Any], condition: int) -> Any:
    name, about = call
    match name:
        case "place_perp_order":
            return desk.instruction(name, {"params": order(**about)})
        case "place_and_take_perp_order":
            params = order(**(about | {"ioc": True}))
            return desk.instruction(name, {"params": params, "success_condition": condition or None})
        case "cancel_order_by_user_id":
            return desk.instruction(name, {"user_order_id": about})
        case "cancel_orders":
            return desk.instruction(name, {"market_type": None, "market_index": None, "direction": None})
    return desk.instruction(name, {"market_index": 0})


def state(desk: Desk) -> tuple[Any, ...]:
    """All that a client could see of it."""
    exchange: Exchange = desk.exchange
    keys = (desk.user_key, desk.face.books.users[desk.account].wallet.stats)
    market = desk.face.books.markets[0]
    held = exchange.position(desk.account, "SOL-PERP")
    return (
        *(desk.raw(key) for key in keys),
        market.next_fill_id,
        exchange.open_orders(desk.account),
        exchange.fills_since(desk.account, 0),
        None if held is None else (held.size, held.entry_price),
    )


def sent(desk: Desk, calls: list[tuple[str, Any]], condition: int) -> tuple[Any, Any, Any]:
    """Land one transaction without moving the market: state before, state after, the transaction."""
    signature = desk.send(desk.signed(*(built(desk, call, condition) for call in calls)))["result"]
    before = state(desk)
    desk.now_ns += 400_000_000
    told = desk.told(signature)
    return before, state(desk), told


@RELAXED
@given(steps=STEPS)
def test_a_failing_transaction_leaves_no_trace_and_the_books_agree_with_the_exchange(steps: Any) -> None:
    desk = Desk()
    for calls, condition in steps:
        before, after, told = sent(desk, calls, condition)
        if told["meta"]["err"] is not None:
            assert after == before
        agrees(desk)
        desk.face.advance(desk.now_ns)
        agrees(desk)


def agrees(desk: Desk) -> None:
    """Sizes and open orders are equal, money to the millionth a trade."""
    user, view = desk.face.books.users[desk.account], desk.exchange.account_view(desk.account)
    assert view is not None
    held = {row.asset: row.size for row in view.positions}
    base = sum(position.base for position in user.positions.values())
    assert base == held.get("SOL-PERP", Decimal(0)) * 10**9
    shown = {(each.order_id, each.filled) for each in desk.exchange.open_orders(desk.account)}
    assert {(each.exchange_id, Decimal(each.filled).scaleb(-9)) for each in user.open_orders()} == shown
    money = user.deposit + sum(position.quote for position in user.positions.values())
    cash = view.balance_usd - sum((row.size * row.entry_price for row in view.positions), Decimal(0))
    assert abs(money - cash * 10**6) < 100


@RELAXED
@given(calls=st.lists(CALLS, min_size=2, max_size=4), condition=st.integers(0, 2))
def test_a_rehearsal_says_what_then_happens(calls: Any, condition: int) -> None:
    import base64

    desk = Desk()
    desk.take(price="151", size="3")
    transaction = desk.signed(*(built(desk, call, condition) for call in calls))
    text = base64.b64encode(bytes(transaction)).decode()
    simulated = desk.ask("simulateTransaction", text, {"encoding": "base64"})["value"]
    signature = desk.send(transaction)["result"]
    desk.now_ns += 400_000_000
    told = desk.told(signature)
    assert told["meta"]["err"] == simulated["err"]
