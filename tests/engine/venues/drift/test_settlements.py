"""What becomes of a request to settle profit and loss, on the simulated program."""

import trio

from actors.commands import SettlePnl
from actors.domain import Side, Venue
from actors.messages import (
    AccountReported,
    FundingPaid,
    PnlSettled,
    PnlSettlementRejected,
    PnlSettlementUnresolved,
    PositionReported,
)
from engine.simulators.drift import DriftKnobs
from engine.simulators.faults import DropResponse
from engine.venues.drift.settings import TransactionLimits
from engine.venues.drift.wire import EXCHANGE_SETTLE_PNL_PAUSED
from tests.engine.venues.dialogue import words
from tests.engine.venues.drift.world import SIGNER, D, World, on_call, transactions

SETTLE = SettlePnl(venue=Venue.DRIFT, asset="SOL")
QUICK = TransactionLimits(patience_s=2.0)


async def gained(world: World, *, close: bool = True) -> D:
    """Bought at 100, worth 110, and sold again unless it is to be held; returns what is then unsettled."""
    await world.perform(world.order())
    world.market.mids["SOL-PERP"] = D(110)
    await trio.sleep(2)
    if close:
        await world.perform(world.order(Side.SELL, price="105", reduce_only=True))
        await trio.sleep(2)
    return last(world).unsettled_usd


def last(world: World) -> PositionReported:
    return [told for told in world.of(PositionReported) if told.asset == "SOL"][-1]


def deposit(world: World) -> D:
    return D(world.face.books.users[SIGNER.account].deposit).scaleb(-6)


async def test_the_profit_of_a_closed_position_becomes_collateral_and_is_told_once(autojump_clock):
    world = World()
    async with world.running():
        unsettled = await gained(world)
        equity = world.of(AccountReported)[-1].equity_usd
        assert 9 < unsettled < 10
        assert deposit(world) == 10_000
        (told,) = await world.perform(SETTLE)
        assert (type(told), told.asset, told.amount_usd) == (PnlSettled, "SOL", unsettled)
        assert abs(told.venue_at_ns - world.now_ns()) < 5_000_000_000
        assert deposit(world) == 10_000 + unsettled
        await world.after(60)
        assert len(world.of(PnlSettled)) == 1, "the history tells the same transaction"
        assert (last(world).size, last(world).unsettled_usd) == (0, 0)
        assert world.of(AccountReported)[-1].equity_usd == equity, "nothing is earned by it"


async def test_what_is_closed_and_unsettled_is_told_again_and_what_is_settled_is_not(autojump_clock):
    world = World(account_told_every_s=10.0)
    async with world.running():
        await gained(world)
        again = [told for told in await world.after(60) if isinstance(told, PositionReported)]
        assert [told.asset for told in again] == ["SOL"] * len(again)
        assert len(again) >= 4
        await world.perform(SETTLE)
        await world.after(5)
        assert not [told for told in await world.after(60) if isinstance(told, PositionReported)]


async def test_a_loss_is_taken_out_of_the_deposit(autojump_clock):
    world = World()
    async with world.running():
        await world.perform(world.order())
        await world.perform(world.order(Side.SELL, price="99", reduce_only=True))
        (told,) = await world.perform(SETTLE)
        assert told.amount_usd < 0
        assert deposit(world) == 10_000 + told.amount_usd


async def test_a_held_profit_is_settled_with_its_funding_and_the_position_stays(autojump_clock):
    world = World()
    async with world.running():
        await gained(world, close=False)
        await trio.sleep(2 * 3600 + 90)
        before = last(world)
        equity = world.of(AccountReported)[-1].equity_usd
        told = [message for message in await world.perform(SETTLE) if isinstance(message, PnlSettled)]
        assert len(told) == 1
        assert abs(told[0].amount_usd - before.unsettled_usd) < D("0.00001")
        await world.after(10)
        assert (last(world).size, last(world).entry_price) == (before.size, before.entry_price)
        assert abs(last(world).unsettled_usd) < D("0.00001")
        assert abs(world.of(AccountReported)[-1].equity_usd - equity) < D("0.00001")
        booked = D(world.face.books.users[SIGNER.account].funding).scaleb(-6)
        assert booked != 0
        paid = sum(payment.amount_usd for payment in world.of(FundingPaid))
        assert abs(paid - booked) < D("0.00001"), "told as it accrued, and not again when it was settled"


async def test_a_pool_that_is_short_pays_a_part_and_an_empty_one_refuses(autojump_clock):
    world = World(knobs=DriftKnobs(pnl_pool_usd=D(4)))
    async with world.running():
        unsettled = await gained(world)
        (told,) = await world.perform(SETTLE)
        assert told.amount_usd == 4
        await world.after(2)
        assert last(world).unsettled_usd == unsettled - 4
    empty = World(knobs=DriftKnobs(pnl_pool_usd=D(0)))
    async with empty.running():
        unsettled = await gained(empty)
        (refused,) = await empty.perform(SETTLE)
        assert isinstance(refused, PnlSettlementRejected)
        assert "6260" in refused.detail
        assert (last(empty).unsettled_usd, deposit(empty)) == (unsettled, 10_000)


async def test_a_paused_settlement_is_refused(autojump_clock):
    world = World()
    async with world.running():
        await gained(world)
        world.face.set_status(EXCHANGE_SETTLE_PNL_PAUSED)
        (refused,) = await world.perform(SETTLE)
        assert isinstance(refused, PnlSettlementRejected)
        assert "6024" in refused.detail


async def test_what_fails_only_on_the_chain_is_refused_too(autojump_clock):
    world = World(transactions=TransactionLimits(preflight=False))
    async with world.running():
        await gained(world)
        world.face.set_status(EXCHANGE_SETTLE_PNL_PAUSED)
        (refused,) = await world.perform(SETTLE)
        assert isinstance(refused, PnlSettlementRejected)
        assert "the transaction failed" in refused.detail


async def test_where_nothing_is_left_to_settle_nothing_was_moved(autojump_clock):
    world = World(transactions=TransactionLimits(preflight=False))
    async with world.running():
        (refused,) = await world.perform(SETTLE)
        assert isinstance(refused, PnlSettlementRejected), "the program knows no such position"
        assert "6010" in refused.detail
        await gained(world, close=False)
        await world.perform(SETTLE)
        assert world.of(PnlSettled)[-1].amount_usd > 0
        await world.perform(SETTLE)
        assert world.of(PnlSettled)[-1].amount_usd == 0


async def test_a_lost_answer_is_resolved_by_the_signature(autojump_clock):
    world = World(on_call("sendTransaction", DropResponse(), nth=(3,)))
    async with world.running():
        unsettled = await gained(world)
        (told,) = await world.perform(SETTLE)
        assert (told.amount_usd, transactions(world)) == (unsettled, 3)


async def test_what_the_history_told_first_is_told_once(autojump_clock):
    world = World(on_call("getSignatureStatuses", DropResponse(), from_s=15, to_s=45), transactions=QUICK)
    async with world.running():
        unsettled = await gained(world)
        await trio.sleep(16 - trio.current_time())
        told = await world.perform(SETTLE)
        assert words(told) == ["PnlSettled"], "and it is not in doubt"
        assert [message.amount_usd for message in world.of(PnlSettled)] == [unsettled]


async def test_a_settlement_that_never_lands_is_unresolved_then_provably_dead(autojump_clock):
    world = World(transactions=QUICK)
    async with world.running():
        unsettled = await gained(world)
        world.face.drop_next_transactions()
        told = await world.perform(SETTLE)
        assert words(told) == ["PnlSettlementUnresolved", "PnlSettlementRejected"]
        assert "never landed" in told[1].detail
        assert last(world).unsettled_usd == unsettled


async def test_without_a_blockhash_it_was_never_sent(autojump_clock):
    world = World(on_call("getLatestBlockhash", DropResponse(), from_s=20))
    async with world.running():
        await gained(world)
        await trio.sleep(30)
        (refused,) = await world.perform(SETTLE)
        assert isinstance(refused, PnlSettlementRejected)
        assert refused.detail.startswith("never sent")


async def test_it_gives_way_to_what_reduces(autojump_clock):
    world = World(requests_most=30, requests_reserved=26)
    async with world.running():
        sent = transactions(world)
        for _ in range(4):
            await world.adapter.prepare(SETTLE)()
        assert {message.detail for message in world.of(PnlSettlementRejected)} >= {
            "never sent: the node's rate limit is reached"
        }
        assert transactions(world) == sent


async def test_a_market_that_is_not_ours_is_not_settled(autojump_clock):
    world = World(assets=("SOL",))
    async with world.running():
        (refused,) = await world.perform(SettlePnl(venue=Venue.DRIFT, asset="BTC"))
        assert isinstance(refused, PnlSettlementRejected)
        assert "never sent" in refused.detail
        assert transactions(world) == 0
        assert world.of(PnlSettlementUnresolved) == []
