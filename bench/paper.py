"""A paper run: how fast it goes, how fast it replays against merely reading it, and what group commit saves."""

from __future__ import annotations

import time
from itertools import islice
from pathlib import Path

from actors.policy import Policy
from bench.ratios import OWN, Line, Scale, compare
from engine import config as configuration, preparation
from engine.core import Decision
from engine.journal import JournalWriter, new_header, read
from engine.replay import build_core, redecide, replay

REPLAY_AIM_MOST = 4.0
GROUP = 64
SEED = 7


def lines(scale: Scale, directory: Path) -> list[Line]:
    """Run, replay, and write the run's first records again, in groups and one by one."""
    run, speed = paper_run(scale.duration, directory)

    def replayed() -> int:
        report = replay(run)
        assert report.identical, "the run does not replay"
        return report.messages

    def exhausted() -> int:
        reader = read(run)
        reader.exhaust()
        return reader.seq

    decisions = first_decisions(run, scale.records)
    grouped, single = Written(directory / "grouped", decisions, GROUP), Written(directory / "single", decisions, 1)
    return [
        compare("replay / decoding and checking the hashes", replayed, exhausted, scale.rounds, REPLAY_AIM_MOST, OWN),
        compare(f"journal: one fsync per record / per {GROUP}", single, grouped, scale.rounds),
        speed,
    ]


def paper_run(duration: str, directory: Path) -> tuple[Path, Line]:
    """A finished paper run's directory, and its messages per second."""
    profile = configuration.with_options(configuration.load(configuration.DEFAULT_CONFIG), seed=SEED, duration=duration)
    begun_s = time.perf_counter()
    result = preparation.run(preparation.RunRequest(config=profile, runs=directory))
    spent_s = time.perf_counter() - begun_s
    rate = result.final.messages / spent_s
    note = f"{duration} of market time in {spent_s:.1f} s"
    return result.directory, Line(
        name="paper run, all venues simulated", unit="messages/s", measured=rate, least=rate, most=rate, note=note
    )


def first_decisions(run: Path, most: int) -> list[Decision]:
    """The run's first decisions, decided again."""
    reader = read(run)
    return [decision for _, decision in islice(redecide(reader, build_core(reader.header)), most)]


class Written:
    """Decisions appended to a fresh journal each time, with an fsync after every `group` of them."""

    def __init__(self, directory: Path, decisions: list[Decision], group: int) -> None:
        self._directory = directory
        self._decisions = decisions
        self._group = group
        self._times = 0

    def __call__(self) -> int:
        self._times += 1
        header = new_header(Policy(), (), seed=SEED, mode="paper", config_digest="")
        journal = JournalWriter(self._directory / str(self._times), header, head_every_s=3600)
        for number, decision in enumerate(self._decisions, 1):
            journal.append(decision)
            if number % self._group == 0:
                journal.commit()
        journal.close("written")
        return len(self._decisions)
