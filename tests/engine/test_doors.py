"""The ends of a run."""

from __future__ import annotations

import pytest

from actors.commands import RaiseAlarm
from actors.domain import Venue
from engine import config as configuration
from engine.clock import Clock
from engine.doors import PaperDoors
from engine.simulators.faults import FaultPlan
from engine.world import FACES, build_market


@pytest.mark.parametrize("venue", list(FACES))
async def test_a_paper_door_is_a_simulated_venue_with_our_account_on_it(venue: Venue, autojump_clock: object) -> None:
    config = configuration.load(configuration.DEFAULT_CONFIG)
    market = build_market(config)
    doors = PaperDoors(config, market, market.start_ns, FaultPlan())
    clock = Clock(await doors.begin_ns())
    alarms: list[RaiseAlarm] = []
    assert clock.now_ns() == market.start_ns
    async with doors.open(venue, clock, alarms.append) as door:
        simulated = doors.simulated[venue]
        assert door.transport is simulated
        assert door.signing.account == door.account
        assert simulated.face.exchange.has_account(door.account)
    assert alarms == []
    assert list(doors.closing_notes()) == []
