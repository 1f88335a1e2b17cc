from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import trio
import trio.testing

from actors.commands import RaiseAlarm
from engine.supervisor import Supervisor

BTC, ETH = "pair_position/BTC-1", "pair_position/ETH-2"


@asynccontextmanager
async def supervised(*actors: str) -> AsyncIterator[tuple[Supervisor, list[RaiseAlarm]]]:
    """A supervisor whose owner tasks are parked, and the alarms it raised."""
    alarms: list[RaiseAlarm] = []
    async with trio.open_nursery() as nursery:
        supervisor = Supervisor(nursery, alarms.append, "close what {} holds".format)
        for actor in actors:
            supervisor.adopt(actor)
        await trio.testing.wait_all_tasks_blocked()
        yield supervisor, alarms
        nursery.cancel_scope.cancel()


async def test_every_actor_has_an_owner_task_of_its_name() -> None:
    async with supervised(BTC, ETH) as (supervisor, alarms):
        assert sorted(supervisor.owned) == [BTC, ETH]
        nurseries = trio.lowlevel.current_task().child_nurseries
        names = [task.name for nursery in nurseries for task in nursery.child_tasks]
        assert sorted(names) == [f"owner of {BTC}", f"owner of {ETH}"]
        assert alarms == []


async def test_a_fault_surfaces_in_its_owner_and_the_alarm_names_the_actor() -> None:
    async with supervised(BTC, ETH) as (supervisor, alarms):
        supervisor.fault(BTC, "ValueError: a defect")
        await trio.testing.wait_all_tasks_blocked()
        assert [(alarm.severity, alarm.code) for alarm in alarms] == [("critical", "actor_fault")]
        assert BTC in alarms[0].text
        assert "ValueError: a defect" in alarms[0].text
        assert sorted(supervisor.owned) == [BTC, ETH]


async def test_a_second_fault_quarantines_the_actor_and_leaves_its_siblings() -> None:
    async with supervised(BTC, ETH) as (supervisor, alarms):
        for number in (1, 2):
            supervisor.fault(BTC, f"ValueError: {number}")
            await trio.testing.wait_all_tasks_blocked()
        assert [alarm.code for alarm in alarms] == ["actor_fault", "actor_quarantined"]
        assert alarms[-1].text == f"{BTC}: a step failed (ValueError: 2); quarantined; close what {BTC} holds"
        assert supervisor.owned == (ETH,)
        supervisor.fault(ETH, "ValueError: 3")
        await trio.testing.wait_all_tasks_blocked()
        assert alarms[-1].code == "actor_fault"
        assert ETH in alarms[-1].text


async def test_two_faults_in_one_batch_are_both_told() -> None:
    """The emergency path of a faulted actor runs in the same batch, and may fail as well."""
    async with supervised(BTC) as (supervisor, alarms):
        supervisor.fault(BTC, "ValueError: 1")
        supervisor.fault(BTC, "ValueError: 2")
        await trio.testing.wait_all_tasks_blocked()
        assert [alarm.code for alarm in alarms] == ["actor_fault", "actor_quarantined"]
        assert supervisor.owned == ()


async def test_a_fault_before_the_owner_is_parked_is_told() -> None:
    async with supervised() as (supervisor, alarms):
        supervisor.adopt(BTC)
        supervisor.fault(BTC, "ValueError: at once")
        await trio.testing.wait_all_tasks_blocked()
        assert [alarm.code for alarm in alarms] == ["actor_fault"]
        assert supervisor.owned == (BTC,)


async def test_cancelling_the_owner_removes_the_actor() -> None:
    alarms: list[RaiseAlarm] = []
    async with trio.open_nursery() as others, trio.open_nursery() as nursery:
        supervisor = Supervisor(nursery, alarms.append, "close what {} holds".format)
        supervisor.adopt(BTC)
        others.start_soon(trio.lowlevel.checkpoint)
        await trio.testing.wait_all_tasks_blocked()
        nursery.cancel_scope.cancel()
    assert supervisor.owned == ()
    assert alarms == []


async def test_ten_thousand_actors_wait_without_running() -> None:
    names = [f"pair_position/A-{number}" for number in range(10_000)]
    async with supervised(*names) as (supervisor, alarms):
        assert len(supervisor.owned) == 10_000
        supervisor.fault(names[5000], "ValueError: one of many")
        await trio.testing.wait_all_tasks_blocked()
        assert len(alarms) == 1
        assert len(supervisor.owned) == 10_000
