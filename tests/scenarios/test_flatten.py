"""The last resort in real processes: the engine hangs or is dead, and everything is closed without it.

An engine that hangs still holds its accounts, its key's hour file and its sockets; the flattener must not need any.
"""

from __future__ import annotations

import json
import signal
import subprocess
import urllib.request
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from actors.commands import SubmitOrder
from actors.domain import Venue
from actors.messages import AccountFill
from engine.flatten.record import NAME, PAGE, Line
from engine.fuzzing.lives import Cue
from engine.journal.reader import read
from engine.replay import render_replay, replay
from engine.simulators.levers import instrument_of
from tests.scenarios.harness import ASSET, HYPERLIQUID, PACIFICA, POLICY, Scenario, account_of, play, pull
from tests.scenarios.test_kill import PATIENCE_S, SERVED, Desk, perp2perp

HEDGED = "HEDGED.earning"
EAGER = replace(
    POLICY,
    entry=replace(POLICY.entry, backoff_s=1.0),
    scanner=replace(POLICY.scanner, scan_s=5.0),
    lifecycle=replace(POLICY.lifecycle, duration_s=300.0),
)
"""Opens again as soon as it may, and would trade on for five minutes."""


def closing(venue: Venue, at_s: float) -> Cue:
    """Somebody closes our whole position there."""
    flat = pull(venue, lambda x, at_ns: x.set_position(at_ns, account_of(venue), instrument_of(x, ASSET), Decimal(0)))
    return Cue(at_s=at_s, do=flat)


@pytest.mark.parametrize("legs", [(HYPERLIQUID,), (PACIFICA,), (HYPERLIQUID, PACIFICA)], ids="-".join)
def test_a_live_engine_opens_nothing_more_once_somebody_else_has_closed_a_leg_and_ends_flat(
    legs: tuple[Venue, ...], tmp_path: Path
) -> None:
    """Whoever flattens does not want it opened again: the run ends in order, and people are told how to go on."""
    cues = tuple(closing(venue, 40.3 + number / 10) for number, venue in enumerate(legs))
    run = play(Scenario(cues=cues, policy=EAGER, by_hand=True, calm_s=60.0), tmp_path)
    closed_ns = run.scenario.start_ns + 40 * 10**9
    later = [command for record in run.records if record.at_ns > closed_ns for command in record.commands]
    assert [order for order in later if isinstance(order, SubmitOrder) and not order.reduce_only] == []
    (told,) = run.raised("leg_taken")
    assert "`perp2perp run`" in told.text
    assert {"V15", "V16"} & {*run.rows}
    assert [run.position(venue, ASSET) for venue in (HYPERLIQUID, PACIFICA)] == [0, 0]


class Scene(Desk):
    """The desk of `test_kill`, whose profile trades the served venues alone."""

    def __init__(self, directory: Path) -> None:
        super().__init__(directory)
        text = self.profile.read_text()
        every = '["hyperliquid", "pacifica", "lighter", "drift"]'
        assert every in text
        self.profile.write_text(text.replace(every, json.dumps(SERVED)))

    def held(self) -> dict[str, tuple[int, int]]:
        """The truth: how many positions and orders our account has at each venue."""
        found = {}
        for number, name in enumerate(SERVED):
            url = f"http://127.0.0.1:{self.first_port + number}/sandbox/account"
            with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(url, timeout=10) as answer:
                account: dict[str, Any] = json.loads(answer.read())
            found[name] = (len([each for each in account["positions"] if each["size"] != "0"]), len(account["orders"]))
        return found

    def command(self, name: str, *options: str | Path) -> subprocess.CompletedProcess[str]:
        """A command of its own process, to its end."""
        command = perp2perp(name, "--config", self.profile, *options)
        return subprocess.run(
            command, check=False, capture_output=True, text=True, timeout=PATIENCE_S, stdin=subprocess.DEVNULL
        )


def nothing_left(desk: Scene) -> bool:
    return desk.held() == dict.fromkeys(SERVED, (0, 0))


def test_a_hanging_engine_is_flattened_without_it_and_opens_nothing_when_it_wakes(tmp_path: Path) -> None:
    desk = Scene(tmp_path)
    with desk.served(), desk.engine() as engine:
        try:
            journal = desk.journal()
            desk.wait_for(engine, journal, 0, f'"place":"{HEDGED}')
            engine.send_signal(signal.SIGSTOP)
            seen = json.loads(desk.command("positions", "--json").stdout)
            assert len(seen["positions"]) >= 2
            done = desk.command("flatten", "--all", "--yes", "--to", tmp_path / "done")
            assert (done.returncode, nothing_left(desk)) == (0, True), done.stderr
            engine.send_signal(signal.SIGINT)
            engine.send_signal(signal.SIGCONT)
            out, err = engine.communicate(timeout=PATIENCE_S)
        finally:
            engine.kill()
        assert nothing_left(desk), err
    assert "an engine runs on this account" in done.stderr
    assert done.stdout.strip().splitlines()[-1] == str(tmp_path / "done")
    run = journal.parent
    assert out.strip().splitlines()[-1] == str(run)
    report = json.loads((run / "report.json").read_text())
    assert [pair["state"] for pair in report["pairs"] if not pair["state"].startswith("CLOSED")] == []
    _check_woken(run)
    lines = [msgspec.json.decode(line, type=Line) for line in (tmp_path / "done" / NAME).read_bytes().splitlines()]
    assert all(line.order.reduce_only for line in lines if line.order is not None)
    assert (tmp_path / "done" / PAGE).read_text().startswith("# all flat")


def _check_woken(run: Path) -> None:
    """From the first fill that nobody in the engine ordered, every order of the engine only reduces."""
    report = replay(run)
    assert report.identical, render_replay(report)
    records = list(read(run))
    woke = next(record.seq for record in records if isinstance(record.message, AccountFill))
    later = [command for record in records if record.seq >= woke for command in record.commands]
    assert [order for order in later if isinstance(order, SubmitOrder) and not order.reduce_only] == []


def test_a_dead_engine_s_run_is_flattened_by_its_journal_and_goes_on_to_a_good_end(tmp_path: Path) -> None:
    desk = Scene(tmp_path)
    with desk.served():
        seen = desk.kill_in(HEDGED, 0)
        run = desk.journal().parent
        done = desk.command("flatten", "--run", run, "--yes", "--to", tmp_path / "done")
        assert (done.returncode, nothing_left(desk)) == (0, True), done.stderr
        with desk.engine("--resume", str(run)) as ending:
            try:
                desk.wait_for(ending, desk.journal(), seen, '"EngineResumed"')
                ending.send_signal(signal.SIGINT)
                out, err = ending.communicate(timeout=PATIENCE_S)
            finally:
                ending.kill()
        assert nothing_left(desk), err
    assert "last held" in done.stderr
    assert ending.returncode == 0, err + out
    report = json.loads((run / "report.json").read_text())
    assert all(pair["state"] == "CLOSED.flat" for pair in report["pairs"])
    assert replay(run).identical
