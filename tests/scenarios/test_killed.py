"""C1 with kill -9: real processes die in every kind of moment, before, in and after the write, and are begun again."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from actors.commands import SubmitOrder
from actors.messages import EngineResumed
from engine.fuzzing.explained import explained
from tests.scenarios import crashes, killed
from tests.scenarios.harness import HYPERLIQUID, Run
from tests.scenarios.killed import NotReached, survive
from tests.scenarios.mortal import HOWS, How, Kill

MOMENTS: dict[str, tuple[str, How]] = {
    "IDLE.taker_in_flight": ("entry to exit", "after the send"),
    "TAKER_FILLED.maker_in_flight": ("entry to exit", "between sync and send"),
    "MAKER_PENDING.resting": ("never filled", "between write and sync"),
    "MAKER_PENDING.canceling": ("never filled", "after the send"),
    "MAKER_PENDING.sweeping": ("swept", "between sync and send"),
    "MAKER_PENDING.verifying": ("entry to exit", "in the write"),
    "HEDGED.earning": ("entry to exit", "before the write"),
    "REDUCING.first_leg": ("reduced", "after the send"),
    "REDUCING.trimming": ("reduced", "between sync and send"),
    "CLOSING.first_leg": ("closed", "after the send"),
    "CLOSING.second_leg": ("closed", "between sync and send"),
    "CLOSING.canceling": ("closed while pending", "between write and sync"),
    "EMERGENCY.closing": ("emergency", "after the send"),
}
"""Every kind of moment: the scene that comes to it, and a way to die there; the command tries each in all ways."""


def arrival(place: str, how: How) -> Kill:
    return Kill(1, how, ('"to":"pair_position/', f'"place":"{place}"'))


@pytest.mark.parametrize("place", MOMENTS)
def test_c1_killed_in_any_kind_of_moment_nothing_is_lost_nothing_sent_twice_and_the_run_ends_flat(
    place: str, tmp_path: Path
) -> None:
    scene, how = MOMENTS[place]
    run = survive(scene, tmp_path / "run", arrival(place, how))
    assert {pair.place for pair in run.pairs} == {"CLOSED.flat"}
    assert max(Counter(order.order_id for order in run.orders()).values()) == 1


def test_c1_killed_again_while_it_recovers_the_run_ends_flat(tmp_path: Path) -> None:
    first = arrival("TAKER_FILLED.maker_in_flight", "after the send")
    again = Kill(2, "between sync and send")
    run = survive("entry to exit", tmp_path / "run", first, again, again)
    assert {pair.place for pair in run.pairs} == {"CLOSED.flat"}


@pytest.mark.parametrize("how", [how for how in HOWS if how != "in the write"])
def test_a_kill_strikes_where_it_says(how: How, tmp_path: Path) -> None:
    """The first order: recorded unless the write was cut, known to its venue only where its bytes had left."""
    recorded, left = how != "before the write", how == "after the send"
    run = survive("entry to exit", tmp_path / "run", arrival("IDLE.taker_in_flight", how))
    resumed = next(record.seq for record in run.records if isinstance(record.message, EngineResumed))
    first = next(record for record in run.pair_records if record.place == "IDLE.taker_in_flight")
    (order,) = (command for command in first.commands if isinstance(command, SubmitOrder))
    assert (first.seq < resumed) == recorded
    assert ids_at_hyperliquid(run).count(order.order_id) == (left or not recorded)


def test_a_write_that_is_cut_leaves_a_torn_record_which_is_cut_off(tmp_path: Path) -> None:
    whole = survive("entry to exit", tmp_path / "whole")
    run = survive("entry to exit", tmp_path / "run", Kill(6, "in the write"))
    resumed = next(record.seq for record in run.records if isinstance(record.message, EngineResumed))
    assert 1 < resumed < len(whole.records)


def ids_at_hyperliquid(run: Run) -> list[str]:
    asked = {order.order_id: order for order in run.orders()}
    return [order_id for order_id, _ in explained(HYPERLIQUID, run.venue_orders(HYPERLIQUID), asked, run.intents_ns())]


def test_a_run_that_is_killed_behind_its_last_record_is_over(tmp_path: Path) -> None:
    run = survive("entry to exit", tmp_path / "run", Kill(1, "between sync and send", ('"kind":"end"',)))
    assert not [record for record in run.records if isinstance(record.message, EngineResumed)]


def test_a_moment_that_does_not_come_is_not_counted(tmp_path: Path) -> None:
    with pytest.raises(NotReached):
        survive("entry to exit", tmp_path / "run", arrival("nowhere", "in the write"))


def test_the_command_counts_what_it_tried(capsys: pytest.CaptureFixture[str]) -> None:
    assert crashes.main(["--processes", "--points", "2", "entry to exit"]) == 0
    assert capsys.readouterr().out == "entry to exit: 2 points, 0 wrong\n2 points, 0 wrong\n"


def test_the_command_says_what_is_wrong(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """A venue that holds what the books do not."""

    def wrong(name: str, directory: Path, *kills: Kill) -> Run:
        run = killed.perform(name, directory, *kills)
        if kills:
            raise AssertionError("booked 0, held 1")
        return run

    monkeypatch.setattr(killed, "survive", wrong)
    assert crashes.main(["--processes", "--points", "1", "entry to exit"]) == 1
    assert "booked 0, held 1" in capsys.readouterr().out
