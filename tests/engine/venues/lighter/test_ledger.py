"""What rows and frames mean for orders of ours, each thing told once, whatever the order they come in."""

import json

import msgspec
import pytest

from actors.commands import SubmitOrder
from actors.domain import DoneReason, RejectReason, Side, TimeInForce, Venue
from actors.messages import OrderAccepted, OrderDone, OrderFilled, OrderRejected
from engine.venues.lighter.codec import client_order_index
from engine.venues.lighter.ledger import Ledger
from engine.venues.lighter.markets import Markets
from engine.venues.lighter.wire import FundingRow
from engine.venues.lighter.wire_orders import OrderRow, TradeRow, TxRow
from tests.engine.venues.lighter.test_book import row as market_row
from tests.engine.venues.lighter.world import D

OURS = "0123456789abcdef0123456789abcdef"
ME = 7


def submit(**changes):
    fields = {
        "order_id": OURS,
        "venue": Venue.LIGHTER,
        "asset": "ETH",
        "side": Side.BUY,
        "size": D("1"),
        "limit_price": D(2000),
        "time_in_force": TimeInForce.IOC,
        "reduce_only": False,
        "purpose": "test",
        "expires_at_ns": 0,
        "decision_mid": D(2000),
    }
    return SubmitOrder(**(fields | changes))


def ledger(**changes):
    own = Ledger(ME, 0, orders_most=3, ids_most=100)
    own.markets = Markets([market_row()])
    assert own.begin(submit(**changes), 5)
    return own


def row(status, filled="0.0000", **changes):
    fields = {
        "order_index": 2**48 + 5,
        "client_order_index": client_order_index(OURS),
        "market_index": 0,
        "owner_account_index": ME,
        "initial_base_amount": "1.0000",
        "remaining_base_amount": "0",
        "filled_base_amount": filled,
        "filled_quote_amount": "0",
        "price": "2000.00",
        "is_ask": False,
        "type": "limit",
        "time_in_force": "immediate-or-cancel",
        "reduce_only": False,
        "status": status,
        "order_expiry": 0,
        "timestamp": 1,
    }
    return OrderRow(**(fields | changes))


def fill(trade_id=1, size="1.0000", **changes):
    fields = {
        "trade_id": trade_id,
        "tx_hash": "ab",
        "type": "trade",
        "market_id": 0,
        "size": size,
        "price": "2000.00",
        "usd_amount": "2000",
        "ask_id": 1,
        "bid_id": 2,
        "ask_client_id": 0,
        "bid_client_id": client_order_index(OURS),
        "ask_account_id": 99,
        "bid_account_id": ME,
        "is_maker_ask": True,
        "timestamp": 1,
    }
    return TradeRow(**(fields | changes))


def verdict(status, error="", **changes):
    info = {"AccountIndex": ME, "ApiKeyIndex": 4, "ExpiredAt": 1, "Nonce": 1, "Sig": "x", "MarketIndex": 0}
    order = {"ClientOrderIndex": client_order_index(OURS), "BaseAmount": 1, "Price": 1, "IsAsk": 0, "Type": 0}
    rest = {"TimeInForce": 0, "ReduceOnly": 0, "TriggerPrice": 0, "OrderExpiry": 0}
    fields = {
        "hash": "cd",
        "type": 14,
        "info": json.dumps(info | order | rest),
        "event_info": json.dumps({"ae": error}),
        "status": status,
        "account_index": ME,
        "nonce": 1,
    }
    return TxRow(**(fields | changes))


def test_an_order_is_accepted_once_and_done_once():
    own = ledger()
    (accepted,) = own.orders([row("in-progress")])
    assert isinstance(accepted, OrderAccepted)
    assert accepted.venue_order_id == str(2**48 + 5)
    assert own.orders([row("open"), row("pending")]) == ()
    (done,) = own.orders([row("filled", "1.0000")])
    assert (done.filled, done.reason) == (1, DoneReason.FILLED)
    assert own.orders([row("filled", "1.0000"), row("open")]) == ()
    assert own.order(row("filled", "1.0000"), asked=True) == (done,)


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        ("canceled-post-only", RejectReason.POST_ONLY_WOULD_CROSS),
        ("canceled-reduce-only", RejectReason.REDUCE_ONLY),
        ("canceled-margin-not-allowed", RejectReason.MARGIN),
        ("canceled-position-not-allowed", RejectReason.OPEN_INTEREST_CAP),
        ("canceled-invalid-balance", RejectReason.MARGIN),
        ("canceled-expired", RejectReason.EXPIRED),
    ],
)
def test_an_order_cancelled_before_it_was_ever_open_was_rejected(status, reason):
    (told,) = ledger(time_in_force=TimeInForce.POST_ONLY).orders([row(status)])
    assert isinstance(told, OrderRejected)
    assert (told.reason, told.detail) == (reason, status)


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        ("canceled", DoneReason.CANCELED),
        ("canceled-post-only", DoneReason.POST_ONLY_REJECTED),
        ("canceled-margin-not-allowed", DoneReason.MARGIN_CANCELED),
        ("canceled-self-trade", DoneReason.SELF_TRADE),
        ("canceled-liquidation", DoneReason.LIQUIDATED),
        ("canceled-expired", DoneReason.EXPIRED),
    ],
)
def test_an_order_that_was_open_is_done_for_its_reason(status, reason):
    own = ledger(time_in_force=TimeInForce.POST_ONLY)
    own.orders([row("open")])
    (told,) = own.orders([row(status, "0.2500")])
    assert isinstance(told, OrderDone)
    assert (told.reason, told.filled) == (reason, D("0.25"))


@pytest.mark.parametrize("status", ["canceled", "canceled-too-much-slippage", "canceled-not-enough-liquidity"])
def test_what_an_ioc_could_not_fill_is_its_remainder(status):
    (told,) = ledger().orders([row(status)])
    assert isinstance(told, OrderDone)
    assert (told.reason, told.filled) == (DoneReason.IOC_REMAINDER, 0)


def test_a_fill_is_told_once_and_what_is_missing_is_known():
    own = ledger()
    own.orders([row("canceled", "1.0000")])
    assert [known.claimed for known in own.short()] == [1]
    (told,) = own.trades([fill(size="0.4000")])
    assert isinstance(told, OrderFilled)
    assert own.trades([fill(size="0.4000")]) == ()
    assert len(own.short()) == 1
    assert len(own.trades([fill(2, "0.6000"), fill(size="0.4000")])) == 1
    assert own.short() == ()


def test_a_late_larger_end_is_told_and_a_smaller_one_is_not():
    own = ledger()
    own.orders([row("canceled", "0.3000")])
    assert own.orders([row("canceled", "0.2000")]) == ()
    (told,) = own.orders([row("canceled", "0.5000")])
    assert told.filled == D("0.5")


def test_a_failed_transaction_rejects_an_order_nobody_else_speaks_of():
    own = ledger()
    own.leaving(OURS, 1, "cd", 0)
    assert own.txs([verdict(2), verdict(1)]) == ()
    (told,) = own.txs([verdict(0, '{"code":21739,"message":"not enough margin"}')])
    assert (told.reason, isinstance(told, OrderRejected)) == (RejectReason.MARGIN, True)
    assert own.txs([verdict(0, "again")]) == ()
    assert own.orders([row("canceled-margin-not-allowed")]) == ()


def test_a_failed_transaction_of_another_nonce_is_not_our_order_s():
    """An earlier run gave its order the same number."""
    own = ledger()
    own.leaving(OURS, 1, "cd", 0)
    assert own.txs([verdict(0, "not enough margin", nonce=7)]) == ()
    assert own.find(OURS).end is None


def test_what_cannot_be_read_takes_nothing_else_along():
    own = ledger()
    messages = own.trades([fill(1), fill(2, market_id=77, bid_client_id=0), fill(3)])
    assert [type(message).__name__ for message in messages] == ["OrderFilled", "FrameRefused", "OrderFilled"]


def test_a_failed_transaction_says_nothing_against_a_fill():
    own = ledger()
    own.leaving(OURS, 1, "cd", 0)
    own.trades([fill()])
    assert own.txs([verdict(0, "x")]) == ()


def test_transactions_that_create_no_order_of_ours_say_nothing():
    own = ledger()
    assert own.txs([verdict(0, "x", type=15), verdict(0, "x", account_index=8)]) == ()


def test_rows_of_others_and_of_unknown_orders_are_not_ours():
    own = ledger()
    assert own.orders([row("open", owner_account_index=8), row("open", client_order_index=77)]) == ()


def test_two_ids_with_the_same_low_bits_collide_and_are_told_apart():
    own = ledger()
    twin = "f" * 20 + OURS[-12:]
    assert not own.begin(submit(order_id=twin), 9)
    assert own.find(twin) is None
    assert own.find(OURS) is not None
    assert own.expect(twin, "ETH").sent_at_ns == 0
    assert own.find(OURS).sent_at_ns == 5


def test_memory_is_bounded():
    own = ledger()
    for number in range(3):
        assert own.begin(submit(order_id=f"{number + 1:032x}"), 6)
    assert own.find(OURS) is None
    assert len(own.undecided()) == 3


def test_a_payment_is_told_once_with_its_sign_and_unit():
    own = ledger()
    payment = FundingRow(
        timestamp=3600,
        market_id=0,
        funding_id=4,
        change="-0.027078",
        rate="0.0012",
        position_size="1.0000",
        position_side="long",
    )
    (told,) = own.payments([payment])
    assert (told.amount_usd, told.rate_per_hour, told.size) == (D("-0.027078"), D("0.000012"), 1)
    assert own.payments([payment]) == ()
    short = msgspec.structs.replace(payment, funding_id=5, position_side="short", change="0.02")
    assert own.payments([short])[0].size == -1


def test_trades_of_a_time_before_us_are_not_told_unless_their_order_is_known():
    own = Ledger(ME, 10**9, orders_most=3, ids_most=100)
    own.markets = Markets([market_row()])
    assert own.trades([fill()]) == ()
    own.expect(OURS, "ETH")
    assert len(own.trades([fill()])) == 1
