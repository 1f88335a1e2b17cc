from dataclasses import dataclass
from decimal import Decimal

import pytest

from actors.commands import SubmitOrder
from actors.domain import DoneReason, Liquidity, RejectReason, Side, TimeInForce, Venue
from actors.messages import (
    ForeignFilled,
    FrameRefused,
    OrderAccepted,
    OrderDone,
    OrderFilled,
    OrderRejected,
    PnlSettled,
    PositionLiquidated,
)
from engine.venues.adapter import Recalled
from engine.venues.assets import listed
from engine.venues.drift.ledger import Landing, Ledger
from engine.venues.drift.values import OrderActed, OrderPlaced, OrderSide, PlaceOrder, PnlMoved, Unread

D = Decimal
US, THEM = "our User account", "somebody's"
SOL, BONK = listed(Venue.DRIFT, "SOL-PERP"), listed(Venue.DRIFT, "1MBONK-PERP")
IOC, POST_ONLY = TimeInForce.IOC, TimeInForce.POST_ONLY


@dataclass
class Order:
    """What the ledger looks at of a SubmitOrder."""

    order_id: str
    time_in_force: TimeInForce
    asset: str = "SOL"
    expires_at_ns: int = 99


def ledger() -> Ledger:
    return Ledger(lambda index: (SOL, BONK)[index], US, orders_most=3, ids_most=100)


def sent(books: Ledger, order_id="a", tif=IOC, listing=SOL) -> None:
    books.prepared(Order(order_id, tif, listing.asset), listing)
    books.signed(order_id, f"signature of {order_id}", 500)


def placed(number=1, user_order_id=1, user=US) -> OrderPlaced:
    return OrderPlaced(
        user=user,
        number=number,
        user_order_id=user_order_id,
        market_index=0,
        is_buy=True,
        size=2_000_000_000,
        price=100_000_000,
        reduce_only=False,
        max_ts=98,
    )


def side(filled, *, number=1, user=US, fee=0, size=2_000_000_000, is_buy=True) -> OrderSide:
    return OrderSide(user=user, number=number, is_buy=is_buy, size=size, filled=filled, fee=fee)


def acted(action="Fill", *, taker=None, maker=None, explanation="None", base=0, quote=0, fill_id=1) -> OrderActed:
    return OrderActed(
        ts=7,
        action=action,
        explanation=explanation,
        market_index=0,
        taker=taker,
        maker=maker,
        fill_id=fill_id,
        base=base,
        quote=quote,
    )


def fill(filled, base=1_000_000_000, taker_number=1, **changes) -> OrderActed:
    return acted(taker=side(filled, fee=35_000, number=taker_number), base=base, quote=base * 100 // 1000, **changes)


def landing(*events, of="a", err=None) -> Landing:
    return Landing(signature=f"signature of {of}", err=err, events=events)


def test_an_ioc_order_is_over_with_its_transaction():
    books = ledger()
    sent(books)
    rest = acted("Cancel", taker=side(1_000_000_000))
    accepted, filled, done = books.fold(landing(acted("Place"), placed(), fill(1_000_000_000), rest))
    assert isinstance(accepted, OrderAccepted)
    assert accepted.venue_order_id == "1"
    assert isinstance(filled, OrderFilled)
    assert (filled.price, filled.size, filled.fee_usd) == (100, 1, D("0.035"))
    assert (filled.fill_id, filled.liquidity) == ("0-1", Liquidity.TAKER)
    assert isinstance(done, OrderDone)
    assert (done.filled, done.reason) == (1, DoneReason.IOC_REMAINDER)


def test_an_ioc_order_that_met_nobody_is_done_with_nothing_filled():
    books = ledger()
    sent(books)
    told = books.fold(landing(placed(), acted("Cancel", taker=side(0))))
    assert [type(message) for message in told] == [OrderAccepted, OrderDone]
    assert (told[-1].filled, told[-1].reason) == (0, DoneReason.IOC_REMAINDER)


def test_a_filled_order_has_no_other_end():
    books = ledger()
    sent(books)
    told = books.fold(landing(placed(), fill(1_000_000_000), fill(2_000_000_000, fill_id=2)))
    assert [type(message) for message in told] == [OrderAccepted, OrderFilled, OrderFilled, OrderDone]
    assert (told[-1].filled, told[-1].reason) == (2, DoneReason.FILLED)


def test_a_transaction_is_told_once_whoever_brings_it():
    books = ledger()
    sent(books)
    assert books.fold(landing(placed(), fill(2_000_000_000, base=2_000_000_000)))
    assert books.fold(landing(placed(), fill(2_000_000_000, base=2_000_000_000))) == ()
    assert books.has_folded("signature of a")


def test_a_resting_order_is_filled_by_somebody_s_transaction():
    books = ledger()
    sent(books, tif=POST_ONLY)
    assert [type(m) for m in books.fold(landing(placed()))] == [OrderAccepted]
    taken = acted(taker=side(5, user=THEM, number=8), maker=side(2_000_000_000, fee=-5_000), base=10**9, quote=10**8)
    filled, done = books.fold(landing(taken, of="them"))
    assert isinstance(filled, OrderFilled)
    assert (filled.liquidity, filled.fee_usd) == (Liquidity.MAKER, D("-0.005"))
    assert (done.filled, done.reason) == (2, DoneReason.FILLED)


@pytest.mark.parametrize(
    ("action", "explanation", "reason"),
    [
        ("Cancel", "None", DoneReason.CANCELED),
        ("Expire", "OrderExpired", DoneReason.EXPIRED),
        ("Cancel", "OrderExpired", DoneReason.EXPIRED),
        ("Cancel", "InsufficientFreeCollateral", DoneReason.MARGIN_CANCELED),
        ("Cancel", "ReduceOnlyOrderIncreasedPosition", DoneReason.REDUCE_ONLY_CANCELED),
        ("Cancel", "Liquidation", DoneReason.LIQUIDATED),
        ("Cancel", "MarketExpired", DoneReason.VENUE_CANCELED),
    ],
)
def test_how_a_resting_order_ended_is_told_with_what_was_filled(action, explanation, reason):
    books = ledger()
    sent(books, tif=POST_ONLY)
    books.fold(landing(placed()))
    ended = acted(action, maker=side(500_000_000), explanation=explanation)
    (done,) = books.fold(landing(ended, of="them"))
    assert (done.filled, done.reason) == (D("0.5"), reason)


def test_a_failed_transaction_leaves_no_order():
    books = ledger()
    sent(books, tif=POST_ONLY)
    (refused,) = books.fold(landing(err={"InstructionError": [2, {"Custom": 6057}]}))
    assert isinstance(refused, OrderRejected)
    assert refused.reason is RejectReason.POST_ONLY_WOULD_CROSS
    assert books.slots.take("b") == 2
    assert books.living() == ()


def test_a_transaction_that_placed_nothing_came_too_late():
    books = ledger()
    sent(books)
    (refused,) = books.fold(landing())
    assert isinstance(refused, OrderRejected)
    assert refused.reason is RejectReason.EXPIRED


def test_logs_that_do_not_tell_everything_end_no_order():
    books = ledger()
    sent(books)
    told = books.fold(landing(Unread(why="truncated")))
    assert [type(message) for message in told] == [FrameRefused]
    assert [known.order_id for known in books.living()] == ["a"]


def test_a_fill_of_nobody_s_order_is_foreign_and_of_a_liquidation_is_one():
    books = ledger()
    (foreign,) = books.fold(landing(fill(1, fill_id=4), of="x"))
    assert isinstance(foreign, ForeignFilled)
    (liquidated,) = books.fold(landing(fill(1, fill_id=5, explanation="Liquidation"), of="y"))
    assert isinstance(liquidated, PositionLiquidated)
    assert (liquidated.fill_id, liquidated.size) == ("0-5", 1)


def test_what_happens_to_others_is_not_told():
    books = ledger()
    theirs = acted(taker=side(1, user=THEM), maker=side(1, user="another"), base=5, quote=5)
    assert books.fold(landing(theirs, placed(user=THEM), acted("Cancel"), of="x")) == ()


def test_a_failed_transaction_of_others_is_not_told():
    assert ledger().fold(landing(err="x", of="them")) == ()


def test_a_market_of_many_tokens_is_told_per_token():
    books = ledger()
    sent(books, listing=BONK)
    _, filled, _ = books.fold(landing(placed(), fill(2_000_000_000, base=2_000_000_000)))
    assert isinstance(filled, OrderFilled)
    assert (filled.asset, filled.price, filled.size) == ("BONK", D("0.0001"), 2_000_000)


def test_orders_that_may_live_are_never_forgotten():
    books = ledger()
    for name in ("a", "b", "c", "d", "e"):
        sent(books, name)
    assert len(books.living()) == 5
    for name, number in (("a", 1), ("b", 2)):
        books.fold(landing(placed(number, number), of=name))
    sent(books, "f")
    assert books.order("a") is None
    assert [known.order_id for known in books.living()] == ["c", "d", "e", "f"]


def test_a_record_of_another_number_is_not_our_order():
    books = ledger()
    sent(books)
    told = books.fold(landing(placed(user_order_id=77)))
    assert [type(message) for message in told] == [OrderRejected]


def test_profit_that_anybody_had_settled_for_us_is_told_once_and_nobody_else_s():
    books = ledger()
    moved = Landing(
        signature="a keeper's",
        err=None,
        events=(
            PnlMoved(ts=7, user=US, market_index=1, pnl=-1_500_000),
            PnlMoved(ts=7, user=THEM, market_index=1, pnl=9),
        ),
    )
    told = books.fold(moved)
    assert told == (PnlSettled(venue=Venue.DRIFT, asset="BONK", amount_usd=D("-1.5"), venue_at_ns=7_000_000_000),)
    assert books.fold(moved) == ()


# --- orders of an earlier process


def recalled(books: Ledger, order_id="a", tif=IOC, *, over=False) -> None:
    """It asked for what `placed` tells."""
    order = SubmitOrder(
        order_id=order_id,
        venue=Venue.DRIFT,
        asset="SOL",
        side=Side.BUY,
        size=D(2),
        limit_price=D(100),
        time_in_force=tif,
        reduce_only=False,
        purpose="test",
        expires_at_ns=99,
        decision_mid=D(100),
    )
    asked = PlaceOrder(
        market_index=0,
        user_order_id=0,
        is_buy=True,
        size=2_000_000_000,
        price=100_000_000,
        reduce_only=False,
        ioc=tif is IOC,
        post_only=tif is POST_ONLY,
        max_ts=98,
    )
    books.recall(Recalled(order=order, decided_ns=1, over=over, filled=D(2) if over else D(0)), SOL, asked)


def test_an_order_of_an_earlier_process_is_known_by_what_it_asked_for_and_holds_its_number():
    books = ledger()
    recalled(books, tif=POST_ONLY)
    assert (books.unseen("a"), books.awaits()) == (True, True)
    (accepted,) = books.fold(landing(placed(number=5, user_order_id=9), of="the earlier process"))
    assert (accepted.order_id, accepted.venue_order_id) == ("a", "5")
    assert (books.unseen("a"), books.awaits()) == (False, False)
    known = books.order("a")
    assert known is not None
    assert (known.number, known.user_order_id, known.signature) == (5, 9, "signature of the earlier process")
    assert 9 not in [books.slots.take(str(number)) for number in range(254)]
    _, done = books.fold(landing(fill(2_000_000_000, taker_number=5), of="them"))
    assert (done.order_id, done.filled) == ("a", 2)
    assert books.slots.take("next") == 9


def test_an_ioc_order_of_an_earlier_process_is_over_with_its_own_transaction():
    books = ledger()
    recalled(books)
    told = books.fold(landing(placed(), fill(1_000_000_000), of="the earlier process"))
    assert [type(message) for message in told] == [OrderAccepted, OrderFilled, OrderDone]
    assert (told[-1].filled, told[-1].reason) == (1, DoneReason.IOC_REMAINDER)


def test_the_fills_of_an_order_that_was_over_are_its_own_and_its_end_is_not_told_again():
    books = ledger()
    recalled(books, over=True)
    assert (books.living(), books.awaits()) == ((), False)
    told = books.fold(landing(placed(), fill(2_000_000_000, base=2_000_000_000), of="the earlier process"))
    assert [type(message) for message in told] == [OrderAccepted, OrderFilled]
    assert books.slots.take("next") == 1


def test_an_order_that_is_seen_after_its_time_lives_all_the_same():
    books = ledger()
    recalled(books, tif=POST_ONLY)
    books.lapsed("a")
    assert (books.living(), books.awaits()) == ((), False)
    books.fold(landing(placed(), of="the earlier process"))
    assert [known.order_id for known in books.living()] == ["a"]


def test_a_transaction_of_ours_is_never_taken_for_an_earlier_process_s():
    books = ledger()
    recalled(books)
    sent(books, "b")
    told = books.fold(landing(placed(), fill(2_000_000_000, base=2_000_000_000), of="b"))
    assert {message.order_id for message in told} == {"b"}
    assert books.unseen("a")


def test_a_transaction_of_somebody_else_that_cannot_be_read_may_have_placed_anything():
    books = ledger()
    recalled(books)
    assert not books.obscured
    books.fold(landing(Unread(why="truncated"), of="somebody else"))
    assert books.obscured
