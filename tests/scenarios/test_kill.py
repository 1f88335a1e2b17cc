"""C1 in real processes: the engine is killed with SIGKILL in one place after the other, and each time begun again.

One `simulate` lives through all of it, with the accounts; every new process finds the run that was cut off by itself.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from actors.commands import SubmitOrder
from engine.config import DEFAULT_CONFIG
from engine.journal.reader import read
from engine.journal.record import JOURNAL_NAME
from engine.replay import render_replay, replay

BETWEEN_S = 0.05
"""Between two interrupts: an orderly close takes longer, and two at once would be one."""
SPEED = "20"
PATIENCE_S = 60.0
VENUES = "hyperliquid,lighter"
SERVED = ("hyperliquid", "lighter")
POLL_S = 0.001

ENTRY = ("IDLE.taker_in_flight", "TAKER_FILLED.maker_in_flight", "MAKER_PENDING", "HEDGED.earning")
EXIT, PANIC = "CLOSING", "EMERGENCY"
BRISK = {
    "backoff_s = 900.0": "backoff_s = 30.0",
    "scan_s = 30.0": "scan_s = 5.0",
    'history_h = "0.05"': 'history_h = "0.01"',
}


def perp2perp(*arguments: str | int | Path) -> list[str]:
    return [sys.executable, "-m", "engine.cli", *map(str, arguments)]


def free_ports(count: int) -> int:
    """The first of so many neighbouring free ports."""
    for first in range(20_000 + os.getpid() % 10_000, 60_000, count):
        taken = []
        try:
            for port in range(first, first + count):
                one = socket.socket()
                taken.append(one)
                one.bind(("127.0.0.1", port))
        except OSError:
            continue
        else:
            return first
        finally:
            for one in taken:
                one.close()
    raise AssertionError("no free ports")


class Desk:
    """A profile, a simulate, and engines begun and killed on them."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.runs = directory / "runs"
        self.profile = directory / "sandbox.toml"
        self.first_port = free_ports(len(SERVED))
        text = (DEFAULT_CONFIG.parent / "sandbox.toml").read_text()
        for number, port in enumerate(_ports_of(text)):
            text = text.replace(f":{port}", f":{self.first_port + number}")
        for slow, brisk in BRISK.items():
            assert slow in text
            text = text.replace(slow, brisk)
        self.profile.write_text(text.replace('"sandbox/', f'"{directory}/keys/'))

    @contextmanager
    def served(self) -> Iterator[None]:
        """The venues, for as long as the test lasts."""
        command = perp2perp("simulate", "--config", self.profile, "--venues", VENUES, "--port", self.first_port)
        command += ["--speed", SPEED, "--keys", str(self.directory / "keys")]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as serving:
            assert serving.stdout is not None
            serving.stdout.readline()
            try:
                yield
            finally:
                serving.send_signal(signal.SIGINT)
                serving.communicate(timeout=20)

    def engine(self, *options: str) -> subprocess.Popen[str]:
        """An engine of a process of its own."""
        command = perp2perp("run", "--config", self.profile, "--runs", self.runs, "--venues", VENUES, *options)
        return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def journal(self) -> Path:
        """The only run's."""
        deadline = time.monotonic() + PATIENCE_S
        while not (found := list(self.runs.glob(f"*/{JOURNAL_NAME}"))):
            assert time.monotonic() < deadline, "no journal"
            time.sleep(POLL_S)
        (path,) = found
        return path

    def kill_in(self, place: str, seen: int, *signals: signal.Signals) -> int:
        """Begin an engine, send it signals, kill it as soon as a pair arrives in a place; the journal's length then."""
        with self.engine() as engine:
            try:
                path = self.journal()
                self.wait_for(engine, path, seen, '"EngineResumed"' if seen else '"LinkUp"')
                for number in signals[:1]:
                    engine.send_signal(number)
                for number in signals[1:]:
                    time.sleep(BETWEEN_S)
                    engine.send_signal(number)
                self.wait_for(engine, path, seen, f'"place":"{place}')
            finally:
                engine.kill()
        return path.stat().st_size

    def wait_for(self, engine: subprocess.Popen[str], path: Path, seen: int, words: str) -> None:
        """Wait until the journal, from its byte `seen` on, has these words."""
        deadline = time.monotonic() + PATIENCE_S
        tail = b""
        with path.open("rb") as file:
            file.seek(seen)
            while words.encode() not in (tail := tail[-400:] + file.read()):
                assert engine.poll() is None, f"ended before {words}: {engine.communicate()}"
                assert time.monotonic() < deadline, f"no {words}"
                time.sleep(POLL_S)


def _ports_of(text: str) -> list[int]:
    found = dict.fromkeys(
        int(line.rpartition(":")[2].strip('"')) for line in text.splitlines() if line.startswith("url =")
    )
    wanted = dict(zip(("hyperliquid", "pacifica", "lighter", "drift"), found, strict=True))
    return [wanted[name] for name in SERVED]


@pytest.mark.parametrize("last", [EXIT, PANIC], ids=["while closing", "in an emergency"])
def test_c1_killed_in_one_place_after_the_other_the_run_ends_flat_and_sends_nothing_twice(
    last: str, tmp_path: Path
) -> None:
    desk = Desk(tmp_path)
    signals = (signal.SIGINT,) if last is EXIT else (signal.SIGINT, signal.SIGINT)
    with desk.served():
        seen = 0
        for place in ENTRY:
            seen = desk.kill_in(place, seen)
        desk.kill_in(last, seen, *signals)
        ending = desk.engine()
        out, err = ending.communicate(timeout=PATIENCE_S * 2)
    assert ending.returncode == 0, err
    run = desk.journal().parent
    assert Path(out.strip().splitlines()[-1]) == run
    assert "going on with" in err
    report = replay(run)
    assert report.identical, render_replay(report)
    sent = Counter(
        command.order_id for record in read(run) for command in record.commands if isinstance(command, SubmitOrder)
    )
    assert len(sent) >= 4
    assert max(sent.values()) == 1
