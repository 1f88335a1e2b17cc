"""C1 over sockets, when a venue is away as the engine comes back: the run goes on with whoever answers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
import trio
import trio.testing

from actors.commands import SubmitOrder
from actors.domain import Venue
from actors.messages import LinkLost, LinkUp
from engine.clock import Clock
from engine.config import Config
from engine.core import Core, Decision
from engine.doors.sandbox import SandboxMissing
from engine.recovery import Recovery
from engine.runtime import Engine
from engine.simulators.faults import FaultPlan
from engine.simulators.server.control import Control
from engine.simulators.server.listener import LoopbackServer
from engine.world import build_venue
from tests.scenarios.harness import HYPERLIQUID, PACIFICA, Run, Scenario, account_of, config_of, market_of, pair_in
from tests.scenarios.sockets import IDLE_S, LoopbackDoors, check, sandbox, section, signals_kept

POLL_S = 0.05
AWAY_S, CALM_S = 45.0, 110.0
"""So long a venue is away after the engine came back; by then it has been tried again."""
NAKED, HEDGED = "TAKER_FILLED.maker_in_flight", "HEDGED.earning"


class Town:
    """Venues that live on, whose servers come and go, and an engine that is killed and comes back."""

    def __init__(self, scenario: Scenario, directory: Path, nursery: trio.Nursery) -> None:
        self.scenario, self.directory, self._nursery = scenario, directory, nursery
        self._base = config_of(scenario)
        clock, market = Clock(scenario.start_ns), market_of(scenario)
        self.simulated = {
            venue: build_venue(venue, account_of(venue), self._base, market, FaultPlan(), clock.now_ns)
            for venue in scenario.venues
        }
        self._ports: dict[Venue, int] = dict.fromkeys(scenario.venues, 0)
        self._serving: dict[Venue, trio.CancelScope] = {}
        self.alarms: list[str] = []

    async def begin(self) -> None:
        """Every venue lives, and is served."""
        for venue, simulated in self.simulated.items():
            await self._nursery.start(simulated.run)
            await self.serve(venue)

    async def serve(self, venue: Venue) -> None:
        """From now on it can be reached, at the port it always had."""
        simulated = self.simulated[venue]
        door = Control(simulated, account_of(venue), 1.0)
        server = LoopbackServer(simulated, door, port=self._ports[venue])
        address = await self._nursery.start(self._serve, venue, server)
        self._ports[venue] = int(address.rpartition(":")[2])

    async def _serve(
        self, venue: Venue, server: LoopbackServer, *, task_status: trio.TaskStatus[str] = trio.TASK_STATUS_IGNORED
    ) -> None:
        with trio.CancelScope() as self._serving[venue]:
            await server.run(task_status=task_status)

    async def close(self, venue: Venue) -> None:
        """Nobody answers there any more; what it holds it holds."""
        self._serving[venue].cancel()
        await trio.sleep(POLL_S)

    @property
    def config(self) -> Config:
        """The profile with the venues where they are."""
        urls = {venue: f"127.0.0.1:{port}" for venue, port in self._ports.items()}
        where = {venue: section(f"http://{url}", f"ws://{url}") for venue, url in urls.items()}
        return sandbox(self._base, where, self.directory)

    async def live(self, until: Callable[[Core], bool] | None = None, *, again: bool = False) -> Engine:
        """An engine from its beginning to its end, or killed as soon as that holds."""
        config = self.config
        recovery = Recovery(self.directory, config.spare, config.state) if again else None
        doors = LoopbackDoors(config, self.simulated, resuming=again)
        engine = Engine(config, doors, self.directory, recovery=recovery, told=lambda a: self.alarms.append(a.code))
        with trio.CancelScope() as life:
            if until is not None:
                _kill_when(engine, until, life)
            await engine.main()
        assert life.cancelled_caught == (until is not None)
        return engine


def _kill_when(engine: Engine, until: Callable[[Core], bool], life: trio.CancelScope) -> None:
    """Nothing of what is decided after that is performed."""
    tallied = engine.tally.watch

    def watch(decision: Decision) -> None:
        tallied(decision)
        if until(engine.core):
            life.cancel()

    engine.tally.watch = watch  # type: ignore[method-assign]


def one_away(directory: Path, killed_in: str, away: Venue, away_s: float) -> tuple[Run, Town]:
    """Killed in a place; one venue is away when the engine comes back, and for so long after that."""
    directory.mkdir()
    scenario = Scenario(calm_s=CALM_S)
    kept: list[tuple[Engine, Town]] = []

    async def main() -> None:
        async with trio.open_nursery() as nursery:
            town = Town(scenario, directory, nursery)
            await town.begin()
            await town.live(pair_in(killed_in))
            await town.close(away)

            async def come_back() -> None:
                await trio.sleep(away_s)
                await town.serve(away)

            nursery.start_soon(come_back)
            kept.append((await town.live(again=True), town))
            nursery.cancel_scope.cancel()

    with signals_kept():
        trio.run(main, clock=trio.testing.MockClock(autojump_threshold=IDLE_S))
    ((engine, town),) = kept
    engine.finish()
    return Run(scenario, directory, engine), town


@pytest.mark.parametrize("away", [HYPERLIQUID, PACIFICA], ids=lambda venue: venue.value)
@pytest.mark.parametrize("killed_in", [NAKED, HEDGED], ids=["naked", "hedged"])
def test_c1_a_venue_that_is_away_when_the_engine_comes_back_is_waited_for_and_the_run_ends_flat(
    killed_in: str, away: Venue, tmp_path: Path
) -> None:
    run, town = one_away(tmp_path / "run", killed_in, away, AWAY_S)
    check(run)
    sent = Counter(c.order_id for r in run.records for c in r.commands if isinstance(c, SubmitOrder))
    assert max(sent.values()) == 1
    assert [run.position(venue) for venue in (HYPERLIQUID, PACIFICA)] == [0, 0]
    assert all(pair.place == "CLOSED.flat" for pair in run.pairs)
    lost = [r.at_ns for r in run.records if isinstance(r.message, LinkLost) and r.message.venue is away]
    back = [r.at_ns for r in run.records if isinstance(r.message, LinkUp) and r.message.venue is away]
    assert max(lost) < max(back), "it came back, by itself"
    assert "venue_away" in town.alarms


def test_c1_where_no_venue_answers_each_is_named_with_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()

    async def main() -> None:
        async with trio.open_nursery() as nursery:
            town = Town(Scenario(), tmp_path / "run", nursery)
            await town.begin()
            await town.live(pair_in(HEDGED))
            for venue in town.scenario.venues:
                await town.close(venue)
            with pytest.raises(SandboxMissing, match=r"(?s)hyperliquid: .*pacifica: .*`perp2perp flatten`"):
                await town.live(again=True)
            nursery.cancel_scope.cancel()

    with signals_kept():
        trio.run(main, clock=trio.testing.MockClock(autojump_threshold=IDLE_S))
