"""What the history of the account tells, and when, whatever the node does in between."""

import trio

from actors.commands import QueryPosition
from actors.domain import Side, TimeInForce, Venue
from actors.messages import (
    FundingPaid,
    InstrumentListed,
    OrderDone,
    OrderFilled,
    OrderRejected,
    OrderUnknown,
    PositionReported,
    QueryFailed,
)
from engine.simulators.faults import Delay, DropResponse, FaultRule, Status, Traffic
from engine.venues.drift.settings import TransactionLimits
from engine.venues.transport import HttpRequest, HttpResponse, Transport
from tests.engine.venues.dialogue import words
from tests.engine.venues.drift.world import SIGNER, D, World, on_call

POST_ONLY = TimeInForce.POST_ONLY


async def test_a_fill_read_before_a_transaction_that_cannot_be_read_is_not_lost(autojump_clock):
    """Two fills by two transactions; the node serves the first, and fails at the second again and again."""
    world = World(on_call("getTransaction", Status(status=502), nth=(3, 4, 5)))
    async with world.running():
        order = world.order(price="99.5", tif=POST_ONLY)
        await world.perform(order)
        world.market.taker_sell_per_s = D(3)
        world.market.mids["SOL-PERP"] = D("99.49")
        await world.after(15)
        fills = world.of(OrderFilled)
        assert len(world.exchange.fills_since(SIGNER.account, 0)) > 1, "the order must be filled in parts"
        assert sum(fill.size for fill in fills) == 1
        assert [done.filled for done in world.of(OrderDone)] == [1]


async def test_funding_settled_while_a_reading_was_under_way_is_told_once(autojump_clock):
    """The history is slow: a reading of before the settlement is folded after it."""
    slow = on_call("getSignaturesForAddress", Delay(delay_s=3.0), from_s=10)
    world = World(slow, step_s=10.0)
    async with world.running():
        await world.perform(world.order(size="3"))
        await world.after(3700)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(world.adapter.prepare(world.order(price="98", tif=POST_ONLY)))
            await trio.sleep(1.5)
            closing = world.order(side=Side.SELL, size="1", price="99", reduce_only=True)
            nursery.start_soon(world.adapter.prepare(closing))
        await world.after(30)
        booked = sum(payment.amount_usd for payment in world.exchange.funding_paid_since(SIGNER.account, 0))
        told = sum(payment.amount_usd for payment in world.of(FundingPaid))
        assert abs(told - booked) < D("0.00001")


async def test_positions_are_never_told_from_a_reading_older_than_one_told_before(autojump_clock):
    slow = on_call("getTransaction", Delay(delay_s=2.0), from_s=3)
    world = World(slow)
    async with world.running():
        await world.after(3)
        await world.perform(world.order(price="99.5", size="5", tif=POST_ONLY))
        world.market.taker_sell_per_s = D(1)
        world.market.mids["SOL-PERP"] = D("99.49")
        for _ in range(100):
            await world.after(0.5)
            await world.adapter.prepare(QueryPosition(venue=Venue.DRIFT, asset="SOL"))()
        sizes = [told.size for told in world.of(PositionReported) if told.asset == "SOL"]
        assert max(sizes) == 5
        assert sizes == sorted(sizes)


class Forgetful(Transport):
    """A node that is behind: it has seen no transaction of ours, while another one serves the history."""

    def __init__(self, inner: Transport) -> None:
        self._inner = inner
        self.stream = inner.stream

    async def request(self, request: HttpRequest) -> HttpResponse:
        response = await self._inner.request(request)
        if b"getSignatureStatuses" not in request.body:
            return response
        number = request.body.split(b'"id":')[1].split(b",")[0]
        body = b'{"jsonrpc":"2.0","id":' + number + b',"result":{"context":{"slot":1},"value":[null]}}'
        return HttpResponse(status=200, body=body)


async def test_an_order_the_history_has_shown_is_never_called_dead(autojump_clock):
    world = World(transactions=TransactionLimits(patience_s=2.0))
    world.transport = Forgetful(world.transport)
    world.adapter = world.make_adapter()
    async with trio.open_nursery() as nursery:
        await nursery.start(world.transport._inner.run)
        await nursery.start(world.adapter.listen)
        order = world.order(price="99", tif=POST_ONLY, expires_at_ns=world.now_ns() + 600_000_000_000)
        nursery.start_soon(world.adapter.prepare(order))
        await world.after(120)
        assert world.of(OrderRejected) == []
        assert len(world.exchange.open_orders(SIGNER.account)) == 1
        assert words(await world.perform(world.query(order))) == ["OrderAccepted"]
        nursery.cancel_scope.cancel()


async def test_an_order_that_never_got_a_signature_is_unknown_once_its_time_has_passed(autojump_clock):
    """Its delivery was cut off before it was signed; the program would place nothing after the order's end."""
    world = World()
    async with world.running():
        order = world.order()
        world.adapter.prepare(order)
        assert words(await world.perform(world.query(order))) == ["OrderUnresolved"]
        await world.after(31)
        assert words(await world.perform(world.query(order))) == ["OrderUnknown"]


async def test_an_order_a_silent_node_cannot_be_asked_for_is_never_called_unknown_however_old(autojump_clock):
    """It was executed; that nobody answers proves nothing, and whoever believes it unplaced would send another."""
    silent = ("sendTransaction", "getSignatureStatuses", "getBlockHeight", "getSignaturesForAddress", "getTransaction")
    world = World(*(on_call(method, DropResponse(), from_s=5, to_s=90) for method in silent))
    async with world.running():
        await world.after(6)
        order = world.order(size="2")
        async with trio.open_nursery() as nursery:
            nursery.start_soon(world.adapter.prepare(order))
            await world.after(45)
            assert world.exchange.position(SIGNER.account, "SOL-PERP").size == 2
            assert words(await world.perform(world.query(order)))[-1] == "OrderUnresolved"
            await world.after(60)
        assert not world.of(OrderUnknown)
        assert [done.filled for done in world.of(OrderDone)] == [2]


async def test_an_order_seen_on_its_way_is_never_called_unknown_however_old(autojump_clock):
    """It has landed; what the node does not serve yet may say that it was filled."""
    world = World(on_call("getTransaction", Status(status=502), from_s=5, to_s=90))
    async with world.running():
        await world.after(6)
        order = world.order(size="2")
        async with trio.open_nursery() as nursery:
            nursery.start_soon(world.adapter.prepare(order))
            await world.after(45)
            assert words(await world.perform(world.query(order))) == ["OrderUnresolved"]
            await world.after(60)
        assert not world.of(OrderUnknown)
        assert [done.filled for done in world.of(OrderDone)] == [2]


async def test_a_market_whose_leverage_was_lowered_can_still_be_left(autojump_clock):
    world = World(leverage=3)
    async with world.running():
        await world.perform(world.order(size="2"))
        world.adapter._telling._settings = _with_leverage(world, 30)  # as if the market allowed less than before
        await world.after(8)
        listed = [told.instrument for told in world.of(InstrumentListed) if told.instrument.asset == "SOL"][-1]
        assert listed.status.value == "reduce_only"
        assert words(await world.perform(world.order(size="1"))) == ["OrderRejected"]
        closing = world.order(side=Side.SELL, size="2", price="99", reduce_only=True)
        assert words(await world.perform(closing))[-1] == "OrderDone"
        assert await world.position() == 0


def _with_leverage(world: World, leverage: int):
    from msgspec.structs import replace

    return replace(world.settings, leverage=leverage)


async def test_news_that_come_during_a_reading_are_read_at_once_afterwards(autojump_clock):
    slow = FaultRule(
        name="slow",
        traffic=Traffic.HTTP,
        match="/rpc",
        contains="getMultipleAccounts",
        fault=Delay(delay_s=2.0),
        from_s=5,
    )
    world = World(slow, poll_quiet_s=300.0, poll_lost_s=900.0)
    async with world.running():
        await world.after(6)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(world.adapter.prepare(world.order(size="1")))
            await trio.sleep(1.3)
            nursery.start_soon(world.adapter.prepare(world.order(size="1")))
        await world.after(20)
        assert [told.size for told in world.of(PositionReported) if told.asset == "SOL"][-1] == 2


async def test_questions_that_come_during_a_reading_share_the_next_one_and_are_answered_by_none_begun_before(
    autojump_clock,
):
    """A slow node, several pairs that verify at once: one after the other, they would wait for each other's."""
    slow = on_call("getMultipleAccounts", Delay(delay_s=2.0), from_s=5)
    world = World(slow, poll_quiet_s=300.0, poll_lost_s=900.0)
    async with world.running():
        await world.after(6)
        asked_s = trio.current_time()
        async with trio.open_nursery() as nursery:
            nursery.start_soon(world.position)
            await trio.sleep(1.0)
            world.transport.disturb(lambda x, at_ns: x.set_position(at_ns, SIGNER.account, "SOL-PERP", D(3)))
            for _ in range(8):
                nursery.start_soon(world.perform, QueryPosition(venue=Venue.DRIFT, asset="SOL"))
        assert trio.current_time() - asked_s < 2 * 2.0 + 0.5
        assert [told.size for told in world.of(PositionReported) if told.queried] == [0, *[3] * 8]


async def test_questions_that_share_a_reading_share_its_failure(autojump_clock):
    """A node that does not answer: each question is told so once, and none waits for the time of all."""
    dead = on_call("getMultipleAccounts", DropResponse(), from_s=5)
    world = World(dead, poll_quiet_s=300.0, poll_lost_s=900.0)
    async with world.running():
        await world.after(6)
        asked_s = trio.current_time()
        async with trio.open_nursery() as nursery:
            for _ in range(8):
                nursery.start_soon(world.perform, QueryPosition(venue=Venue.DRIFT, asset="SOL"))
        assert len(world.of(QueryFailed)) == 8
        assert trio.current_time() - asked_s < 2 * world.settings.request_timeout_s + 0.5


async def test_a_reading_that_was_cut_off_is_begun_again_for_those_who_wait(autojump_clock):
    slow = on_call("getMultipleAccounts", Delay(delay_s=2.0), from_s=5)
    world = World(slow, poll_quiet_s=300.0, poll_lost_s=900.0)
    async with world.running():
        await world.after(6)
        async with trio.open_nursery() as nursery:
            with trio.move_on_after(1.0):
                nursery.start_soon(world.perform, QueryPosition(venue=Venue.DRIFT, asset="SOL"))
                await world.adapter.prepare(QueryPosition(venue=Venue.DRIFT, asset="SOL"))()
        assert [told.size for told in world.of(PositionReported) if told.queried] == [0]
