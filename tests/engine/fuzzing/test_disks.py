"""A disk that fills: the run goes on in its spare, ends flat, and is whole when the spare was put back."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from engine.fuzzing.disks import ATS, At, Disks, FullDisk
from engine.fuzzing.lives import Death
from engine.fuzzing.oracle import check_run
from engine.fuzzing.trial import play_once, try_world
from engine.journal import DISK
from tests.engine.fuzzing.worlds import played, world

LATER_S = (0.5, 12.0, 30.0, 55.0)


@pytest.mark.parametrize("at", ATS)
@pytest.mark.parametrize("from_s", LATER_S)
def test_a_run_whose_disk_fills_ends_flat_and_loses_nothing(at: At, from_s: float, tmp_path: Path) -> None:
    run, lives = played(tmp_path / "run", disk=FullDisk(from_s=from_s, at=at))
    check_run(run)
    assert lives.spares == 1
    assert 0 < run.spared_from <= run.records[-1].seq
    assert "could not be written" in run.journal_broken


def test_an_engine_that_dies_on_its_spare_is_gone_on_with_from_it(tmp_path: Path) -> None:
    """Its journal is whole again, so its last life has nothing to say of it."""
    death = Death(commit=2, how="in the write", from_s=30.0)
    run, lives = played(tmp_path / "run", disk=FullDisk(from_s=30.0), deaths=(death,), duration_s=120.0)
    assert (lives.deaths, lives.spares) == (1, 1)
    assert (run.spared_from, run.journal_broken) == (0, "")
    check_run(run)


def test_two_plays_on_a_full_disk_write_the_same_bytes_and_it_is_counted(tmp_path: Path) -> None:
    one, other = (try_world(world(disk=FullDisk(from_s=30.0)), tmp_path) for _ in range(2))
    assert one.failure is None
    assert one.faults == {"full_disk": 1}
    assert one.digest == other.digest


def test_a_disk_that_holds_leaves_no_spare(tmp_path: Path) -> None:
    played_once = play_once(world(disk=FullDisk(from_s=1e6)), tmp_path / "run")
    assert (played_once.failure, played_once.lives.spares, played_once.lives.broken) == (None, 0, "")


def test_only_from_its_time_on_and_only_what_it_says_fails(tmp_path: Path) -> None:
    now_s = [1.0]
    disk = Disks(FullDisk(from_s=2.0, at="sync"), lambda: now_s[0]).own(DISK)
    descriptor = os.open(tmp_path / "log", os.O_WRONLY | os.O_CREAT)
    try:
        disk.sync(descriptor)
        now_s[0] = 2.0
        assert disk.write(descriptor, b"ab") == 2
        with pytest.raises(OSError, match="Input/output error"):
            disk.sync(descriptor)
    finally:
        os.close(descriptor)


def test_there_is_room_again_once_a_spare_was_put_back(tmp_path: Path) -> None:
    disks = Disks(FullDisk(from_s=0.0), lambda: 1.0)
    descriptor = os.open(tmp_path / "log", os.O_WRONLY | os.O_CREAT)
    try:
        disks.begin()
        with pytest.raises(OSError, match="No space left"):
            disks.own(DISK).write(descriptor, b"ab")
        disks.spare(DISK).write(descriptor, b'{"kind":"step","seq":17}')
        assert (disks.spared_from, disks.spares) == (17, 1)
        disks.begin()
        assert disks.own(DISK).write(descriptor, b"ab") == 2
        assert (disks.spared_from, disks.spares) == (0, 1)
    finally:
        os.close(descriptor)
