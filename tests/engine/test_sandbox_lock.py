from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from actors.domain import Venue
from engine.config import ROOT
from engine.sandbox.lock import KeysInUse, keys_held

HL, PACIFICA = Venue.HYPERLIQUID, Venue.PACIFICA


def files(directory: Path, *venues: Venue) -> dict[Venue, Path]:
    return {venue: directory / f"{venue.value}.json" for venue in venues}


def test_key_files_are_used_by_one_at_a_time_and_the_other_is_told_who_and_what_to_do(tmp_path: Path) -> None:
    with keys_held(files(tmp_path, HL, PACIFICA)):
        with pytest.raises(KeysInUse) as refused, keys_held(files(tmp_path, PACIFICA)):
            raise AssertionError("held twice")
        for word in (str(tmp_path / "pacifica.json"), f"process {os.getpid()}", "interrupt", "--keys", "--port"):
            assert word in str(refused.value)
    with keys_held(files(tmp_path, PACIFICA)):
        pass


def test_other_venues_and_other_directories_are_free(tmp_path: Path) -> None:
    with (
        keys_held(files(tmp_path / "one", HL)),
        keys_held(files(tmp_path / "one", PACIFICA)),
        keys_held(files(tmp_path / "two", HL)),
    ):
        assert stat.S_IMODE((tmp_path / "one").stat().st_mode) == 0o700


def test_a_refusal_lets_go_of_what_it_had_already(tmp_path: Path) -> None:
    with keys_held(files(tmp_path, PACIFICA)), pytest.raises(KeysInUse), keys_held(files(tmp_path, HL, PACIFICA)):
        raise AssertionError("held twice")
    with keys_held(files(tmp_path, HL)):
        pass


def test_a_process_that_was_killed_holds_nothing(tmp_path: Path) -> None:
    script = (
        "import os, signal\nfrom pathlib import Path\nfrom actors.domain import Venue\n"
        "from engine.sandbox.lock import keys_held\n"
        f"with keys_held({{Venue.PACIFICA: Path({str(tmp_path)!r}) / 'pacifica.json'}}):\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    ended = subprocess.run([sys.executable, "-c", script], cwd=ROOT, timeout=30, check=False)
    assert ended.returncode == -9
    assert (tmp_path / ".pacifica.lock").read_text() != f"{os.getpid()}\n"
    with keys_held(files(tmp_path, PACIFICA)):
        assert (tmp_path / ".pacifica.lock").read_text() == f"{os.getpid()}\n"
