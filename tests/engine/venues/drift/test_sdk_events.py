from engine.venues.drift.sdk_events import events_of
from engine.venues.drift.settings import DriftProgram
from engine.venues.drift.values import FundingSettled, OrderActed, OrderPlaced, PnlMoved, Unread
from tests.engine.venues.drift.chain import encode_event, logs, variant

PROGRAM = DriftProgram()
ELSEWHERE = "Vote111111111111111111111111111111111111111"


def perp():
    from driftpy.types import MarketType

    return MarketType.Perp()


def fill_line(**changes):
    from driftpy.types import PositionDirection
    from solders.pubkey import Pubkey

    fields = {
        "ts": 5,
        "action": variant("OrderAction", "Fill"),
        "market_type": perp(),
        "fill_record_id": 9,
        "base_asset_amount_filled": 2_000_000_000,
        "quote_asset_amount_filled": 300_000_000,
        "taker_fee": 105_000,
        "taker": Pubkey.from_bytes(b"\x05" * 32),
        "taker_order_id": 4,
        "taker_order_direction": PositionDirection.Short(),
        "taker_order_base_asset_amount": 3_000_000_000,
        "taker_order_cumulative_base_asset_amount_filled": 2_500_000_000,
    }
    return encode_event("OrderActionRecord", **(fields | changes))


def test_a_fill_is_read_with_the_side_that_has_an_order():
    (event,) = events_of(logs(fill_line()), PROGRAM)
    assert isinstance(event, OrderActed)
    assert (event.action, event.base, event.quote, event.fill_id) == ("Fill", 2_000_000_000, 300_000_000, 9)
    assert event.maker is None
    assert event.taker is not None
    assert (event.taker.number, event.taker.is_buy, event.taker.fee) == (4, False, 105_000)
    assert (event.taker.size, event.taker.filled) == (3_000_000_000, 2_500_000_000)


def test_placed_orders_and_settled_funding_are_read():
    order = events_of(logs(encode_event("OrderRecord")), PROGRAM)
    assert order == (), "a spot order is none of ours"
    record = encode_event(
        "FundingPaymentRecord", funding_payment=-7, base_asset_amount=3, user_last_cumulative_funding=2
    )
    (settled,) = events_of(logs(record), PROGRAM)
    assert isinstance(settled, FundingSettled)
    assert (settled.payment, settled.base, settled.cumulative_from) == (-7, 3, 2)


def test_settled_profit_is_read_with_its_sign():
    from solders.pubkey import Pubkey

    user = Pubkey.from_bytes(b"\x05" * 32)
    record = encode_event("SettlePnlRecord", ts=5, user=user, market_index=2, pnl=-12_345_678)
    assert events_of(logs(record), PROGRAM) == (PnlMoved(ts=5, user=str(user), market_index=2, pnl=-12_345_678),)


def test_a_placed_perpetual_order_tells_both_numbers_and_what_it_asked_for():
    from driftpy.types import PositionDirection

    from engine.venues.drift.sdk_coder import coder_of
    from tests.engine.venues.drift.chain import discriminator

    data = coder_of("").events.parse(discriminator("event", "OrderRecord") + bytes(600)).data
    data.order.market_type, data.order.order_id, data.order.user_order_id = perp(), 12, 200
    data.order.base_asset_amount, data.order.price, data.order.max_ts = 5, 6, 7
    data.order.direction, data.order.reduce_only = PositionDirection.Short(), True
    (event,) = events_of(logs(encode_event("OrderRecord", order=data.order)), PROGRAM)
    assert isinstance(event, OrderPlaced)
    assert (event.number, event.user_order_id) == (12, 200)
    assert (event.is_buy, event.size, event.price, event.reduce_only, event.max_ts) == (False, 5, 6, True, 7)


def test_only_lines_of_our_own_program_count():
    assert events_of(logs(fill_line(), program=ELSEWHERE), PROGRAM) == ()
    nested = (
        f"Program {PROGRAM.program_id} invoke [1]",
        *logs(fill_line(), program=ELSEWHERE),
        f"Program {PROGRAM.program_id} success",
    )
    assert events_of(nested, PROGRAM) == ()


def test_our_lines_count_again_after_a_call_of_another_program():
    lines = (
        "Program ComputeBudget111111111111111111111111111111 invoke [1]",
        "Program ComputeBudget111111111111111111111111111111 success",
        f"Program {PROGRAM.program_id} invoke [1]",
        *logs("Program log: x", program=ELSEWHERE),
        fill_line(),
        f"Program {PROGRAM.program_id} success",
    )
    assert len(events_of(lines, PROGRAM)) == 1


def test_truncated_logs_say_so():
    found = events_of((f"Program {PROGRAM.program_id} invoke [1]", fill_line(), "Log truncated", fill_line()), PROGRAM)
    assert [type(event) for event in found] == [OrderActed, Unread]


def test_an_event_that_cannot_be_read_says_so():
    for line in (fill_line()[:40], "Program data: ?!"):
        assert [type(event) for event in events_of(logs(line), PROGRAM)] == [Unread]


def test_events_of_other_kinds_are_passed_over():
    lines = (encode_event("LPRecord"), "Program data: " + "AAAA" * 8, fill_line(market_type=spot()))
    assert events_of(logs(*lines), PROGRAM) == ()


def spot():
    from driftpy.types import MarketType

    return MarketType.Spot()
