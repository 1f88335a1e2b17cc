"""The dead-man's switch: armed while we live, triggered when we do not, and not available to everybody."""

from __future__ import annotations

from decimal import Decimal

import pytest
import trio

from actors.domain import DoneReason, TimeInForce
from actors.messages import FrameRefused, LinkUp, OrderDone
from engine.simulators.faults import DropRequest
from engine.simulators.hyperliquid import FaceKnobs
from engine.venues.hyperliquid.settings import HyperliquidSettings
from tests.engine.venues.hyperliquid.world import ACCOUNT, World, of, on_http, order

D = Decimal
OPEN_TO_ALL = FaceKnobs(dead_man_volume_usd=D(0))
RESTING = {"time_in_force": TimeInForce.POST_ONLY, "limit_price": D(59_000)}


def cut_off(from_s: float, to_s: float | None = None):
    """Nothing we send arrives."""
    return on_http("cut off", DropRequest(), from_s=from_s, to_s=to_s)


def switch_words(world: World) -> list[str]:
    return [m.detail for m in of(FrameRefused, world.said) if m.channel == "scheduleCancel"]


async def test_resting_orders_are_cancelled_by_the_venue_when_we_fall_silent(autojump_clock):
    world = World(cut_off(40), knobs=OPEN_TO_ALL, dead_man_s=30)
    async with world.live():
        resting = order(1, **RESTING, expires_at_ns=2**62)
        await world.do(resting)
        await trio.sleep(35)
        assert world.exchange.open_orders(ACCOUNT)
        await trio.sleep(40)
        assert not world.exchange.open_orders(ACCOUNT)
        (done,) = of(OrderDone, world.said)
        assert (done.order_id, done.reason) == (resting.order_id, DoneReason.VENUE_CANCELED)
        assert not switch_words(world)


async def test_orders_stay_while_we_live(autojump_clock):
    async with World(knobs=OPEN_TO_ALL, dead_man_s=30).live() as world:
        await world.do(order(1, **RESTING, expires_at_ns=2**62))
        await trio.sleep(300)
        assert world.exchange.open_orders(ACCOUNT)


async def test_an_account_without_the_volume_is_told_once_and_asked_again_the_next_day(autojump_clock):
    async with World(dead_man_s=30).live() as world:
        await trio.sleep(60)
        (words,) = switch_words(world)
        assert words == (
            "the dead-man's switch is unavailable: Cannot set scheduled cancel time until enough volume traded. "
            "Required: $1000000. Traded: $0.0."
        )
        requests = world.face._address.used(ACCOUNT)
        await trio.sleep(80_000)
        assert world.face._address.used(ACCOUNT) == requests
        await trio.sleep(10_000)
        assert world.face._address.used(ACCOUNT) == requests + 1
        assert len(switch_words(world)) == 1


async def test_after_ten_triggers_a_day_it_rests_until_tomorrow(autojump_clock):
    world = World(cut_off(2000, 5000), knobs=OPEN_TO_ALL, dead_man_s=1800)
    async with world.live():
        dead_man = world.adapter._dead_man
        await trio.sleep(50)
        dead_man._triggers = 9
        await trio.sleep(4500)
        assert dead_man._triggers == 10
        (words,) = switch_words(world)
        assert words.startswith("10 triggers today")
        await trio.sleep(86_400)
        assert dead_man._triggers == 0
        assert dead_man._armed_until_ns


async def test_no_switch_is_no_request(autojump_clock):
    async with World(knobs=OPEN_TO_ALL).live() as world:
        assert LinkUp(venue=world.adapter.venue) in world.said
        requests = world.face._address.used(ACCOUNT)
        await trio.sleep(1000)
        assert world.face._address.used(ACCOUNT) == requests


def test_a_period_too_short_to_be_kept_is_refused():
    with pytest.raises(ValueError, match="dead_man_s is 5; give at least 15"):
        HyperliquidSettings(account=ACCOUNT, assets=("BTC",), dead_man_s=5)
