"""The simulated Drift's program from its wire: what it takes, what it refuses, and what it logs of both."""

from __future__ import annotations

from typing import Any

import pytest

from engine.simulators.drift import DriftKnobs
from engine.simulators.exchange import Exchange, MarketMode
from engine.simulators.face import Lever
from tests.engine.simulators.drift_world import HOUR_NS, START_NS, D, Desk, code, events, names, order, word

NOW_S = START_NS // 1_000_000_000


@pytest.fixture
def desk() -> Desk:
    return Desk()


def pull(desk: Desk, lever: Lever) -> None:
    desk.face.publish(desk.now_ns, lever(desk.exchange, desk.now_ns))


# placing


def test_a_resting_order_is_placed_and_told_of_once(desk: Desk) -> None:
    placed = desk.place(price="149", user_order_id=7, max_ts=NOW_S + 600)
    assert names(placed) == ["Place", "OrderRecord"]
    [held] = desk.orders()
    assert (held.price, held.base_asset_amount, held.user_order_id) == (149_000_000, 10**9, 7)
    assert held.max_ts == NOW_S + 600
    assert events(placed)[1].data.order.order_id == held.order_id == 1
    assert desk.exchange.open_orders(desk.account)[0].price == D(149)


def test_a_post_only_order_is_told_in_the_maker_s_fields_and_others_in_the_taker_s(desk: Desk) -> None:
    made = events(desk.place(price="149", post_only="MustPostOnly"))[0].data
    plain = events(desk.place(price="149"))[0].data
    assert (made.maker_order_id, made.taker_order_id) == (1, None)
    assert (plain.maker_order_id, plain.taker_order_id) == (None, 2)


def test_must_post_only_that_would_cross_fails_the_transaction(desk: Desk) -> None:
    assert code(desk.place(price="151", post_only="MustPostOnly")) == 6057
    assert desk.orders() == []


def test_try_post_only_that_would_cross_succeeds_without_an_order(desk: Desk) -> None:
    refused = desk.place(price="151", post_only="TryPostOnly")
    assert (code(refused), names(refused), desk.orders()) == (None, [], [])
    assert desk.user().next_order_id == 1


def test_a_sliding_order_stops_one_tick_before_the_other_side(desk: Desk) -> None:
    ask = desk.exchange.book("SOL-PERP").asks[0].price
    assert code(desk.place(price="151", post_only="Slide")) is None
    assert desk.orders()[0].price == int((ask - D("0.0001")) * 10**6)


def test_immediate_or_cancel_belongs_into_place_and_take(desk: Desk) -> None:
    assert code(desk.place(price="151", ioc=True)) == 6050


def test_post_only_does_not_belong_into_place_and_take(desk: Desk) -> None:
    assert code(desk.take(price="151", post_only="MustPostOnly")) == 6051


def test_only_limit_orders_may_be_immediate_or_cancel(desk: Desk) -> None:
    assert code(desk.take(order_type="Market")) == 6050
    assert code(desk.take(order_type="Oracle")) == 6050
    assert code(desk.place(order_type="Market")) == 6042


def test_sizes_are_cut_to_the_step_and_prices_to_the_tick(desk: Desk) -> None:
    desk.place(size="1.019", price="149.00019")
    desk.place(size="1.019", price="152.00011", buy=False)
    assert [(held.base_asset_amount, held.price) for held in desk.orders()] == [
        (1_010_000_000, 149_000_100),
        (1_010_000_000, 152_000_200),
    ]


@pytest.mark.parametrize(
    ("changes", "number"),
    [
        ({"size": "0.009"}, 6059),
        ({"price": "0"}, 6191),
        ({"price": "300"}, 6109),
        ({"trigger_price": 1}, 6053),
        ({"oracle_price_offset": 5}, 6055),
        ({"market_type": "Spot"}, 6044),
        ({"size": "5000", "price": "140"}, 6003),
        ({"post_only": "MustPostOnly", "auction_duration": 5, "price": "149"}, 6042),
    ],
)
def test_a_wrong_order_is_refused_by_its_number(desk: Desk, changes: dict[str, Any], number: int) -> None:
    before = desk.raw(desk.user_key)
    assert code(desk.place(**changes)) == number
    assert desk.raw(desk.user_key) == before


@pytest.mark.parametrize(("left_out", "number"), [(-1, 6078), (-2, 6087), (-3, 6036)])
def test_a_trade_must_bring_its_market_its_quote_and_its_oracle_along(desk: Desk, left_out: int, number: int) -> None:
    call = desk.instruction("place_perp_order", {"params": order(price="149")})
    metas = list(call.accounts)
    del metas[left_out]
    assert code(desk.land(_with(call, metas))) == number


def _with(call: Any, metas: list[Any]) -> Any:
    """The same call with other accounts."""
    from solders.instruction import Instruction

    return Instruction(call.program_id, bytes(call.data), metas)


def test_user_order_ids_are_unique_among_open_orders_and_free_again_afterwards(desk: Desk) -> None:
    assert code(desk.place(price="149", user_order_id=7)) is None
    assert code(desk.place(price="148", user_order_id=7)) == 6071
    desk.cancel("cancel_order_by_user_id", user_order_id=7)
    assert code(desk.place(price="148", user_order_id=7)) is None
    assert code(desk.place(price="148")) is None
    assert code(desk.place(price="148")) is None


def test_a_user_has_thirty_two_orders_at_most(desk: Desk) -> None:
    for _ in range(32):
        assert code(desk.place(price="149", size="0.01")) is None
    assert code(desk.place(price="149", size="0.01")) == 6060
    desk.cancel("cancel_order", order_id=3)
    assert code(desk.place(price="149", size="0.01")) is None


def test_an_order_whose_time_has_passed_is_skipped_and_the_transaction_succeeds(desk: Desk) -> None:
    skipped = desk.place(price="149", max_ts=NOW_S - 1)
    assert (code(skipped), names(skipped), desk.user().next_order_id) == (None, [], 1)
    assert any("skipping order" in line for line in skipped["meta"]["logMessages"])


def test_an_order_expires_after_its_last_second_and_a_keeper_s_transaction_tells(desk: Desk) -> None:
    desk.place(price="149", max_ts=NOW_S + 10)
    desk.wait(9)
    assert len(desk.orders()) == 1
    desk.wait(2)
    assert desk.orders() == []
    [told] = desk.newest_events()
    assert (word(told), type(told.data.action_explanation).__name__) == ("Expire", "OrderExpired")


# taking


def test_place_and_take_fills_at_once_and_tells_size_price_and_fee(desk: Desk) -> None:
    fill = events(desk.take(price="151", size="2"))[-1].data
    assert (fill.base_asset_amount_filled, fill.quote_asset_amount_filled) == (2 * 10**9, 300_060_000)
    assert (fill.taker_order_id, fill.taker_fee, fill.fill_record_id) == (1, 105_021, 1)
    assert str(fill.taker) == desk.user_key
    assert desk.position().base_asset_amount == 2 * 10**9
    assert desk.orders() == []


def test_what_an_ioc_does_not_get_is_cancelled_in_the_same_transaction(desk: Desk) -> None:
    taken = desk.take(price="150.1", size="20")
    assert names(taken) == ["Place", "OrderRecord", "Fill", "Cancel"]
    canceled = events(taken)[-1].data
    assert (canceled.taker_order_id, canceled.taker_order_cumulative_base_asset_amount_filled) == (1, 10 * 10**9)
    assert canceled.taker_order_base_asset_amount == 20 * 10**9


def test_an_ioc_that_meets_nothing_succeeds_with_a_cancel(desk: Desk) -> None:
    taken = desk.take(price="140")
    assert (code(taken), names(taken)) == (None, ["Place", "OrderRecord", "Cancel"])
    assert desk.user().next_order_id == 2


def test_a_take_that_is_not_ioc_leaves_its_rest_in_the_book(desk: Desk) -> None:
    assert names(desk.take(price="150.1", size="20", ioc=False)) == ["Place", "OrderRecord", "Fill"]
    [later] = desk.newest_events()
    assert (word(later), later.data.maker_order_id, later.data.base_asset_amount_filled) == ("Fill", 1, 10 * 10**9)


def test_a_success_condition_that_is_not_met_undoes_the_fill(desk: Desk) -> None:
    before = desk.raw(desk.user_key)
    assert code(desk.take(price="140", condition=1)) == 6289
    assert code(desk.take(price="150.1", size="20", condition=2)) == 6289
    assert desk.raw(desk.user_key) == before
    assert not desk.exchange.holds(desk.account)
    assert code(desk.take(price="150.1", size="20", condition=1)) is None
    assert code(desk.take(price="151", size="1", condition=2)) is None


def test_a_capped_fill_takes_its_fraction(desk: Desk) -> None:
    desk.face.cap_next_fill(D("0.25"))
    assert names(desk.take(price="151", size="2")) == ["Place", "OrderRecord", "Fill", "Cancel"]
    assert desk.position().base_asset_amount == 5 * 10**8


def test_a_reduce_only_order_closes_no_more_than_the_position(desk: Desk) -> None:
    desk.take(price="151", size="2")
    closed = desk.take(price="149", size="5", buy=False, reduce_only=True)
    assert names(closed) == ["Place", "OrderRecord", "Fill", "Cancel"]
    explanation = events(closed)[-1].data.action_explanation
    assert type(explanation).__name__ == "ReduceOnlyOrderIncreasedPosition"
    assert desk.exchange.position(desk.account, "SOL-PERP") is None


def test_a_reduce_only_order_with_nothing_to_reduce_succeeds_and_is_cancelled(desk: Desk) -> None:
    taken = desk.take(price="149", buy=False, reduce_only=True)
    assert (code(taken), names(taken)) == (None, ["Place", "OrderRecord", "Cancel"])


def test_a_market_that_may_only_be_left_makes_every_order_reduce_only(desk: Desk) -> None:
    desk.take(price="151", size="2")
    pull(desk, lambda exchange, now_ns: exchange.reduce_only_mode(now_ns, "SOL-PERP"))
    assert type(desk.perp_market().status).__name__ == "ReduceOnly"
    assert code(desk.take(price="151")) == 6064
    assert code(desk.take(price="149", size="2", buy=False)) is None
    assert not desk.exchange.holds(desk.account)


def test_a_halted_market_fills_nothing_and_lets_cancel(desk: Desk) -> None:
    desk.place(price="149")
    pull(desk, lambda exchange, now_ns: exchange.halt(now_ns, "SOL-PERP"))
    market = desk.exchange.market("SOL-PERP")
    assert market is not None
    assert market.mode is MarketMode.HALTED
    assert desk.perp_market().paused_operations & 4
    assert code(desk.take(price="151")) == 6148
    assert names(desk.cancel()) == ["Cancel"]


# cancelling


def test_cancelling_by_number_by_user_number_and_without_one(desk: Desk) -> None:
    for number in (5, 6, 7):
        desk.place(price="149", user_order_id=number)
    assert names(desk.cancel("cancel_order", order_id=1)) == ["Cancel"]
    assert names(desk.cancel("cancel_order", order_id=None)) == ["Cancel"]
    assert [held.user_order_id for held in desk.orders()] == [6]
    assert names(desk.cancel("cancel_order_by_user_id", user_order_id=6)) == ["Cancel"]


def test_cancelling_what_is_not_open_succeeds_without_a_record(desk: Desk) -> None:
    for gone in (desk.cancel("cancel_order", order_id=9), desk.cancel("cancel_order_by_user_id", user_order_id=9)):
        assert (code(gone), names(gone)) == (None, [])


def test_cancel_orders_picks_by_market_and_direction(desk: Desk) -> None:
    from driftpy.types import MarketType, PositionDirection

    desk.place(price="149")
    desk.place(price="152", buy=False)
    desk.place(price="59000", size="0.001", market=1)
    desk.cancel(market_type=MarketType.Perp(), market_index=1)
    assert [held.market_index for held in desk.orders()] == [0, 0]
    desk.cancel(direction=PositionDirection.Short())
    assert [held.price for held in desk.orders()] == [149_000_000]
    desk.cancel()
    assert desk.orders() == []


# several instructions


def test_instructions_of_one_transaction_succeed_or_fail_together(desk: Desk) -> None:
    desk.place(price="149", user_order_id=7)
    before = desk.raw(desk.user_key)
    cancel = desk.instruction("cancel_order_by_user_id", {"user_order_id": 7})
    good = desk.instruction("place_perp_order", {"params": order(price="148", user_order_id=7)})
    bad = desk.instruction("place_perp_order", {"params": order(price="151", post_only="MustPostOnly")})
    failed = desk.land(cancel, good, bad)
    assert failed["meta"]["err"] == {"InstructionError": [3, {"Custom": 6057}]}
    assert desk.raw(desk.user_key) == before
    assert names(desk.land(cancel, good)) == ["Cancel", "Place", "OrderRecord"]
    assert [held.price for held in desk.orders()] == [148_000_000]


# the account's own


def test_nobody_trades_for_somebody_else(desk: Desk) -> None:
    from solders.instruction import AccountMeta

    call = desk.instruction("place_perp_order", {"params": order(price="149")}, key=desk.other)
    metas = list(call.accounts)
    metas[2] = AccountMeta(desk.keys.pubkey(), is_signer=True, is_writable=False)
    assert code(desk.land(_with(call, metas))) == 2003
    metas[2] = AccountMeta(desk.other.pubkey(), is_signer=False, is_writable=False)
    assert code(desk.land(_with(call, metas))) == 3010
    metas[1] = AccountMeta(desk.keys.pubkey(), is_signer=False, is_writable=True)
    assert code(desk.land(_with(call, metas))) == 3012


def test_a_delegate_trades_and_pays_for_an_account() -> None:
    from solders.instruction import AccountMeta
    from solders.keypair import Keypair

    agent = Keypair.from_seed(bytes([9]) * 32)
    desk = Desk(delegate=str(agent.pubkey()))
    call = desk.instruction("place_perp_order", {"params": order(price="149")})
    metas = list(call.accounts)
    metas[2] = AccountMeta(agent.pubkey(), is_signer=True, is_writable=False)
    assert names(desk.land(_with(call, metas), key=agent)) == ["Place", "OrderRecord"]
    assert str(desk.user().delegate) == str(agent.pubkey())
    assert desk.ask("getBalance", str(agent.pubkey()))["value"] == 10_000_000_000 - 5000


def test_markets_have_the_program_s_own_numbers() -> None:
    desk = Desk(knobs=DriftKnobs(market_indexes={"SOL-PERP": 3, "BTC-PERP": 8}))
    assert desk.perp_market(8).market_index == 8
    assert names(desk.take(price="60100", size="0.01", market=8)) == ["Place", "OrderRecord", "Fill"]
    assert desk.position(8).base_asset_amount == 10**7
    assert code(desk.land(_at_market(desk, 0))) == 6078
    assert desk.read(desk.face.addresses.state).number_of_markets == 9
    with pytest.raises(KeyError):
        Desk(knobs=DriftKnobs(market_indexes={}))


def _at_market(desk: Desk, index: int) -> Any:
    """An order for a market that is not there, with the accounts of one that is."""
    return desk.instruction("place_perp_order", {"params": order(price="149", market=index)}, market=3)


def test_an_instruction_the_program_does_not_have_is_refused(desk: Desk) -> None:
    from solders.instruction import Instruction
    from solders.pubkey import Pubkey

    program = Pubkey.from_string(desk.face.addresses.program)
    assert code(desk.land(Instruction(program, bytes(8), []))) == 101
    known = desk.instruction("settle_pnl", {"market_index": 0})
    assert code(desk.land(Instruction(program, bytes(known.data), []))) == 3005
    short = Instruction(program, bytes(known.data)[:9], known.accounts)
    assert code(desk.land(short)) == 102


# money


def test_settling_moves_profit_into_the_deposit(desk: Desk) -> None:
    desk.take(price="151", size="2")
    desk.market.mids["SOL-PERP"] = D(160)
    desk.wait(1)
    settled = desk.settle()
    assert names(settled) == ["SettlePnlRecord"]
    pnl = 2 * 160_000_000 - 300_060_000 - 105_021
    assert events(settled)[0].data.pnl == pnl
    user = desk.user()
    assert user.spot_positions[0].scaled_balance == (10_000_000_000 + pnl) * 1000
    assert user.perp_positions[0].settled_pnl == pnl
    assert user.perp_positions[0].quote_asset_amount == -320_000_000
    assert user.perp_positions[0].quote_entry_amount == -300_060_000


def test_a_second_settling_finds_nothing_and_an_unknown_position_is_refused(desk: Desk) -> None:
    desk.take(price="151")
    desk.settle()
    assert names(desk.settle()) == []
    assert code(desk.settle(1)) == 6010


def test_profit_is_settled_as_far_as_the_pool_goes() -> None:
    desk = Desk(knobs=DriftKnobs(pnl_pool_usd=D(5)))
    desk.take(price="151", size="2")
    desk.market.mids["SOL-PERP"] = D(160)
    desk.wait(1)
    assert events(desk.settle())[0].data.pnl == 5_000_000
    empty = Desk(knobs=DriftKnobs(pnl_pool_usd=D(0)))
    empty.take(price="151", size="2")
    empty.market.mids["SOL-PERP"] = D(160)
    empty.wait(1)
    assert code(empty.settle()) == 6260


def test_an_empty_pool_leaves_the_funding_unsettled_too() -> None:
    desk = Desk(knobs=DriftKnobs(pnl_pool_usd=D(0)))
    desk.take(price="151", size="2")
    desk.exchange.force_funding_rate("SOL-PERP", D("0.0001"))
    desk.market.mids["SOL-PERP"] = D(160)
    desk.wait(3600)
    before = desk.raw(desk.user_key)
    assert code(desk.settle()) == 6260
    assert desk.raw(desk.user_key) == before


def test_an_unsettled_profit_keeps_the_position_s_slot(desk: Desk) -> None:
    desk.take(price="151")
    desk.take(price="149", buy=False)
    assert desk.position().base_asset_amount == 0
    desk.settle()
    assert [held.quote_asset_amount for held in desk.user().perp_positions] == [0] * 8


# funding


def test_funding_moves_the_cumulative_rates_and_is_paid_when_the_position_is_touched(desk: Desk) -> None:
    desk.take(price="151", size="2")
    before = desk.perp_market().amm.cumulative_funding_rate_long
    desk.exchange.force_funding_rate("SOL-PERP", D("0.0001"))
    desk.wait(HOUR_NS // 10**9)
    amm = desk.perp_market().amm
    assert amm.cumulative_funding_rate_long - before == amm.last_funding_rate == 15_000_000
    assert amm.last_funding_rate_ts == NOW_S + 3600
    assert desk.position().last_cumulative_funding_rate == before
    touched = desk.take(price="151")
    assert names(touched) == ["Place", "OrderRecord", "FundingPaymentRecord", "Fill"]
    paid = events(touched)[2].data
    assert (paid.funding_payment, paid.base_asset_amount) == (-30_000, 2 * 10**9)
    assert desk.exchange.funding_paid_since(desk.account, 0)[0].amount_usd == D("-0.03")
    assert desk.position().last_cumulative_funding_rate == amm.cumulative_funding_rate_long


def test_a_keeper_may_settle_funding_each_hour() -> None:
    desk = Desk(knobs=DriftKnobs(keeper_settles_funding=True))
    desk.take(price="149", size="2", buy=False)
    desk.exchange.force_funding_rate("SOL-PERP", D("0.0001"))
    desk.wait(3600)
    paid = [each.data for each in desk.newest_events() if each.name == "FundingPaymentRecord"]
    assert [each.funding_payment for each in paid] == [30_000]


def test_the_day_s_average_leans_towards_the_last_rate_by_the_hour(desk: Desk) -> None:
    for rate in ("0.0001", "0.0002"):
        desk.exchange.force_funding_rate("SOL-PERP", D(rate))
        desk.wait(3600)
    assert desk.perp_market().amm.last24h_avg_funding_rate == (30_000_000 + 23 * 15_000_000) // 24


def test_the_seeded_rate_follows_the_program_s_formula(desk: Desk) -> None:
    desk.wait(3600)
    assert desk.perp_market().amm.last_funding_rate == pytest.approx(150_000_000 / 5000 / 24 * 1000, abs=20)


def test_a_socialised_loss_costs_both_sides_the_same_per_base(desk: Desk) -> None:
    desk.take(price="151", size="2")
    desk.take(price="149", size="3", buy=False, key=desk.other)
    equity = [view.equity_usd for name in desk.face.books.users if (view := desk.exchange.account_view(name))]
    desk.face.socialise_loss(desk.now_ns, "SOL-PERP", D("0.5"))
    left = [view.equity_usd for name in desk.face.books.users if (view := desk.exchange.account_view(name))]
    assert [before - after for before, after in zip(equity, left, strict=True)] == [D(1), D("1.5")]
    assert desk.perp_market().amm.total_social_loss == 2_500_000
    assert type(desk.newest_events()[0].data.liquidation_type).__name__ == "PerpBankruptcy"
    assert events(desk.settle())[0].data.funding_payment == -1_000_000


# what is done to an account


def test_a_fill_of_a_resting_order_is_a_keeper_s_transaction_with_us_as_maker(desk: Desk) -> None:
    desk.place(price="149", post_only="MustPostOnly", user_order_id=7)
    desk.market.mids["SOL-PERP"] = D("148.5")
    desk.wait(1)
    [fill] = desk.newest_events()
    assert (word(fill), fill.data.maker_order_id, fill.data.maker_fee) == ("Fill", 1, -3725)
    assert fill.data.maker_order_cumulative_base_asset_amount_filled == 10**9
    assert str(fill.data.maker) == desk.user_key
    assert type(fill.data.action_explanation).__name__ == "OrderFilledWithMatch"
    assert desk.orders() == []
    assert desk.position().quote_asset_amount == -149_000_000 + 3725


def test_two_of_our_accounts_trading_with_each_other_share_one_record(desk: Desk) -> None:
    desk.place(price="150.01", post_only="MustPostOnly")
    taken = desk.take(price="150.01", buy=False, key=desk.other)
    fill = events(taken)[-1].data
    assert (str(fill.maker), fill.maker_order_id, fill.taker_order_id) == (desk.user_key, 1, 1)
    assert desk.history(limit=1)[0]["signature"] == taken["transaction"]["signatures"][0]
    assert desk.position().base_asset_amount == 10**9


def test_a_liquidation_takes_orders_and_position_and_says_so() -> None:
    desk = Desk(deposit="1000")
    desk.place(price="120", size="0.01")
    desk.take(price="151", size="100")
    desk.market.mids["SOL-PERP"] = D(142)
    desk.wait(1)
    told = [each for row in desk.history(limit=3) for each in events(desk.told(row["signature"]))]
    records = [each.data for each in told if each.name == "LiquidationRecord"]
    assert [type(each.liquidation_type).__name__ for each in records] == ["LiquidatePerp"] * len(records)
    assert sum(each.liquidate_perp.base_asset_amount for each in records) == -100 * 10**9
    assert records[0].canceled_order_ids == [1]
    assert records[0].total_collateral < records[0].margin_requirement
    fills = [each for each in told if word(each) == "Fill" and str(each.data.taker) == desk.user_key]
    assert {type(each.data.action_explanation).__name__ for each in fills[:1]} == {"Liquidation"}
    assert not desk.exchange.holds(desk.account)


def test_a_deleveraging_is_told_like_a_liquidation_of_a_healthy_account(desk: Desk) -> None:
    desk.take(price="151", size="2")
    pull(desk, lambda exchange, now_ns: exchange.deleverage(now_ns, desk.account, "SOL-PERP", D(1)))
    transaction = desk.told(desk.history(limit=1)[0]["signature"])
    fill, record = events(transaction)
    assert type(fill.data.action_explanation).__name__ == "Liquidation"
    assert record.data.liquidate_perp.base_asset_amount == -(10**9)
    assert record.data.total_collateral > record.data.margin_requirement
    assert any("Simulated deleveraging" in line for line in transaction["meta"]["logMessages"])
    assert desk.position().base_asset_amount == 10**9


def test_a_trade_by_hand_is_told_as_an_order_and_its_fill(desk: Desk) -> None:
    pull(desk, lambda exchange, now_ns: exchange.set_position(now_ns, desk.account, "SOL-PERP", D(-3)))
    told = desk.newest_events()
    assert [word(each) for each in told] == ["Place", "OrderRecord", "Fill"]
    assert told[1].data.order.order_id == told[2].data.taker_order_id == 1
    assert desk.position().base_asset_amount == -3 * 10**9


def test_an_order_of_ours_in_the_way_of_our_own_is_cancelled_in_the_taker_s_transaction(desk: Desk) -> None:
    desk.place(price="150.02", post_only="MustPostOnly", size="0.5")
    taken = desk.take(price="149", buy=False)
    assert sorted(names(taken)) == ["Cancel", "Fill", "OrderRecord", "Place"]
    assert desk.orders() == []


def test_an_account_below_its_margin_for_good_owes_nothing_more() -> None:
    desk = Desk(deposit="1000")
    desk.take(price="151", size="100")
    desk.market.mids["SOL-PERP"] = D(100)
    desk.wait(1)
    view = desk.exchange.account_view(desk.account)
    assert view is not None
    assert view.equity_usd == 0
    user = desk.face.books.users[desk.account]
    assert user.deposit + sum(held.quote for held in user.positions.values()) == pytest.approx(0, abs=5)


# the program itself


def test_a_paused_program_refuses_everything_and_resumes(desk: Desk) -> None:
    desk.place(price="149")
    desk.face.pause()
    assert desk.read(desk.face.addresses.state).exchange_status == 255
    assert code(desk.place(price="148")) == code(desk.cancel()) == code(desk.settle()) == 6024
    desk.face.resume()
    assert names(desk.cancel()) == ["Cancel"]


def test_a_replaced_program_knows_no_instruction(desk: Desk) -> None:
    desk.face.retire()
    assert code(desk.place(price="149")) == 101


def test_the_face_is_busy_while_something_is_on_its_way_or_rests(desk: Desk) -> None:
    seen = [desk.face.busy]
    call = desk.instruction("place_perp_order", {"params": order(price="149")})
    desk.send(desk.signed(call))
    seen.append(desk.face.busy)
    desk.slots(1)
    seen.append(desk.face.busy)
    desk.cancel()
    assert [*seen, desk.face.busy] == [False, True, True, False]


def test_a_rehearsal_leaves_the_exchange_alone(desk: Desk) -> None:
    book = desk.exchange.book("SOL-PERP")
    call = desk.instruction(
        "place_and_take_perp_order", {"params": order(price="151", ioc=True), "success_condition": None}
    )
    for _ in range(2):
        desk.ask("simulateTransaction", _text(desk.signed(call)), {"encoding": "base64"})
    assert isinstance(desk.exchange, Exchange)
    assert desk.exchange.book("SOL-PERP") == book
    assert not desk.exchange.holds(desk.account)


def _text(transaction: Any) -> str:
    import base64

    return base64.b64encode(bytes(transaction)).decode()


def test_the_same_calls_get_the_same_answers() -> None:
    def told() -> list[Any]:
        desk = Desk()
        desk.place(price="149", post_only="MustPostOnly")
        desk.take(price="151", size="2")
        desk.market.mids["SOL-PERP"] = D("148.5")
        desk.wait(3600)
        return [desk.history(), desk.raw(desk.user_key), desk.raw(desk.face.addresses.markets[0]), desk.blockhash()]

    assert told() == told()
