from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from decimal import Decimal

import trio

from actors.commands import SubmitOrder
from actors.domain import ZERO, Side, TimeInForce
from actors.messages import OrderRejected
from engine.flatten.desk import Desk
from engine.flatten.settings import FlattenSettings
from engine.simulators.faults import Delay, Disconnect, DropRequest, FaultRule, Status, Traffic
from tests.engine.flatten.theatre import ASSET, HYPERLIQUID, PACIFICA, Theatre, play, setting

SETTINGS = FlattenSettings(order_lifetime_s=4.0, answer_s=4.5, verify_tries_most=3)


@asynccontextmanager
async def seated(
    *faults: FaultRule, lost: Callable[[str], None] = lambda _: None
) -> AsyncIterator[tuple[Desk, Theatre]]:
    """A desk at a simulated Pacifica, its link up."""
    theatre = Theatre((PACIFICA,), faults=faults)
    async with theatre.world(), theatre.open(PACIFICA, theatre.tell) as reached, trio.open_nursery() as nursery:
        desk = Desk(PACIFICA, (ASSET,), reached, SETTINGS, lost)
        desk.begin(nursery)
        assert await desk.up(30)
        yield desk, theatre
        nursery.cancel_scope.cancel()


def http(match: str, fault: DropRequest | Status, **more: object) -> FaultRule:
    return FaultRule(name=match, traffic=Traffic.HTTP, match=match, fault=fault, **more)  # type: ignore[arg-type]


def test_a_position_is_the_answer_of_the_venue_now() -> None:
    async def main() -> None:
        async with seated() as (desk, theatre):
            for size in ("1", "-2", "0"):
                theatre.pull(PACIFICA, setting(PACIFICA, ASSET, Decimal(size)))
                found = await desk.position(ASSET)
                assert found is not None
                assert found.size == Decimal(size)

    play(main)


def test_a_position_that_cannot_be_had_is_asked_for_a_few_times_and_then_not_known() -> None:
    async def main() -> None:
        rule = http("*/positions", Status(status=503), from_s=5.0)
        async with seated(rule) as (desk, theatre):
            await trio.sleep(10)
            assert await desk.position(ASSET) is None
            assert theatre.simulated[PACIFICA].struck(rule.name) == SETTINGS.verify_tries_most
            assert "503" in desk.ear.failure(ASSET, "position", 0)

    play(main)


def test_a_cancel_says_why_it_is_not_known_to_have_been_done() -> None:
    async def main() -> None:
        refused = http("*/cancel_all", Status(status=500), nth=(1,))
        late = FaultRule(name="late", traffic=Traffic.HTTP, match="*/cancel_all", nth=(2,), fault=Delay(delay_s=4.6))
        async with seated(refused, late) as (desk, _):
            await trio.sleep(10)
            assert "500" in await desk.cancel_all(ASSET)
            assert await desk.cancel_all(ASSET) == "no answer within 4.5 s"
            assert await desk.cancel_all(ASSET) == ""

    play(main)


def order(theatre: Theatre, **changes: object) -> SubmitOrder:
    told: dict[str, object] = {
        "order_id": "0" * 12 + "4" + "0" * 3 + "8" + "0" * 15,
        "venue": PACIFICA,
        "asset": ASSET,
        "side": Side.SELL,
        "size": Decimal(1),
        "limit_price": Decimal(2900),
        "time_in_force": TimeInForce.IOC,
        "reduce_only": True,
        "purpose": "flatten",
        "expires_at_ns": theatre.clock.now_ns() + 10**10,
        "decision_mid": Decimal(3000),
    }
    return SubmitOrder(**{**told, **changes})  # type: ignore[arg-type]


def test_an_order_that_cannot_be_built_is_proven_not_to_have_been_sent() -> None:
    async def main() -> None:
        async with seated() as (desk, theatre):
            sent = theatre.simulated[PACIFICA].requests
            bad = order(theatre, order_id="no hex at all")
            desk.submit(bad)
            end = desk.ear.end_of(bad.order_id)
            assert isinstance(end, OrderRejected)
            assert end.detail.startswith("never sent: ")
            assert theatre.simulated[PACIFICA].requests == sent

    play(main)


def test_an_order_that_leaves_is_heard_of() -> None:
    async def main() -> None:
        async with seated() as (desk, theatre):
            theatre.pull(PACIFICA, setting(PACIFICA, ASSET, Decimal(1)))
            good = order(theatre)
            desk.submit(good)
            assert await desk.ear.until(lambda: desk.ear.end_of(good.order_id), 10)
            assert desk.ear.filled(good.order_id) == 1
            assert theatre.truth(PACIFICA) == ZERO

    play(main)


def test_a_link_that_is_lost_is_told_and_comes_back() -> None:
    async def main() -> None:
        lost: list[str] = []
        cut = FaultRule(name="cut", traffic=Traffic.FRAME, from_s=5.0, nth=(1,), fault=Disconnect(refuse_s=3.0))
        async with seated(cut, lost=lost.append) as (desk, theatre):
            await trio.sleep(6)
            theatre.pull(PACIFICA, setting(PACIFICA, ASSET, Decimal(1)))
            assert await desk.ear.until(lambda: None if desk.ear.up else True, 60)
            assert lost
            assert await desk.up(30)

    play(main)


def test_a_market_that_was_flat_is_listed_when_the_snapshot_is_read_anew() -> None:
    async def main() -> None:
        theatre = Theatre((HYPERLIQUID,))
        async with (
            theatre.world(),
            theatre.open(HYPERLIQUID, theatre.tell) as reached,
            trio.open_nursery() as nursery,
        ):
            desk = Desk(HYPERLIQUID, (ASSET,), reached, SETTINGS)
            desk.begin(nursery)
            assert await desk.up(30)
            assert ASSET not in desk.ear.instruments
            theatre.pull(HYPERLIQUID, setting(HYPERLIQUID, ASSET, Decimal(1)))
            assert await desk.read_anew(30)
            assert ASSET in desk.ear.instruments
            nursery.cancel_scope.cancel()

    play(main)
