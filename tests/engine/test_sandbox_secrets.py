"""A whole run over sockets with keys in their own processes: no secret stands anywhere but in the key files."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import base58
import pytest

from actors.domain import Venue
from engine.config import ROOT
from engine.keys import KeyFile, read_key_file
from engine.keys.access_file import read_access_file
from engine.world import secret_for
from tests.engine.keys.samples import spellings

CLI = (sys.executable, "-m", "engine.cli")
SEED, SPEED = 7, 60
PATIENCE_S = 60


def first_of_four_free_ports() -> int:
    """Four ports in a row that nobody listens on at this moment."""
    for port in range(21_000 + os.getpid() % 9_000, 32_000, 4):
        with ExitStack() as tried:
            try:
                for offset in range(4):
                    tried.enter_context(socket.create_server(("127.0.0.1", port + offset)))
            except OSError:
                continue
            return port
    raise AssertionError("no four free ports in a row")


def profile_at(port: int, folder: Path) -> Path:
    """The sandbox profile with its addresses and key files elsewhere."""
    text = (ROOT / "config" / "sandbox.toml").read_text()
    text = re.sub(r"127\.0\.0\.1:870(\d)", lambda found: f"127.0.0.1:{port + int(found[1]) - 1}", text)
    text = text.replace('"sandbox/', f'"{folder}/keys/')
    assert text.count(f"127.0.0.1:{port}") == 2
    (folder / "profile.toml").write_text(text)
    return folder / "profile.toml"


@contextmanager
def started(folder: Path, name: str, *command: object) -> Iterator[subprocess.Popen[bytes]]:
    """A process whose outputs are kept."""
    words = [str(word) for word in command]
    with (
        (folder / f"{name}.out").open("wb") as out,
        (folder / f"{name}.err").open("wb") as err,
        subprocess.Popen(words, cwd=ROOT, stdout=out, stderr=err) as process,
    ):
        yield process


@contextmanager
def simulated(profile: Path, port: int, folder: Path) -> Iterator[None]:
    """The venues in a process of their own, until the block ends."""
    command = [*CLI, "simulate", "--config", profile, "--port", port, "--speed", SPEED, "--keys", folder / "keys"]
    with started(folder, "simulate", *command, "--json") as process:
        try:
            until = time.monotonic() + PATIENCE_S
            while not (folder / "simulate.out").stat().st_size and time.monotonic() < until:
                assert process.poll() is None, (folder / "simulate.err").read_text()
                time.sleep(0.05)
            yield
        finally:
            process.send_signal(signal.SIGINT)
            assert process.wait(PATIENCE_S) == 0


def told_to_children(engine: int) -> bytes:
    """Arguments and environments of the engine and of every process it started, as the kernel has them."""
    told = b""
    for process in Path("/proc").glob("[0-9]*"):
        try:
            parent = int((process / "stat").read_text().rpartition(")")[2].split()[1])
            if engine in (parent, int(process.name)):
                told += (process / "cmdline").read_bytes() + (process / "environ").read_bytes()
        except OSError:  # it has ended, or does not let itself be looked at
            continue
    return told


def run_engine(profile: Path, folder: Path) -> bytes:
    """A short run; what the kernel tells of its processes meanwhile."""
    command = [*CLI, "run", "--config", profile, "--runs", folder / "runs", "--duration", "6m", "--json"]
    told = b""
    with started(folder, "run", *command) as process:
        until = time.monotonic() + PATIENCE_S
        while process.poll() is None:
            told += told_to_children(process.pid)
            time.sleep(0.25)
            if time.monotonic() > until:
                process.kill()
        assert process.returncode in (0, 1), (folder / "run.err").read_text()
    return told


def spelt(key: KeyFile) -> list[bytes]:
    """Every spelling of a key: its text, its bytes, its seed, and what the seed was made of."""
    text = key.secret.reveal()
    raw = base58.b58decode(text) if key.venue in (Venue.PACIFICA, Venue.DRIFT) else bytes.fromhex(text)
    parts = [raw, raw[:32], secret_for(key.venue, SEED)]
    return [text.encode(), *(spelling for part in parts for spelling in spellings(part))]


def found_in(data: bytes, secrets: dict[str, list[bytes]]) -> list[str]:
    return [name for name, spellings_ in secrets.items() if any(spelling in data for spelling in spellings_)]


def traded(folder: Path) -> dict[str, Any]:
    report: dict[str, Any] = json.loads(next(folder.glob("runs/*/report.json")).read_bytes())
    return report


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
def test_no_secret_leaves_the_key_files_in_a_run_over_sockets(tmp_path: Path) -> None:
    port = first_of_four_free_ports()
    profile = profile_at(port, tmp_path)
    with simulated(profile, port, tmp_path):
        told = run_engine(profile, tmp_path)
    keys = [read_key_file(tmp_path / "keys" / f"{venue.value}.json") for venue in Venue]
    secrets = {key.venue.value: spelt(key) for key in keys if isinstance(key, KeyFile)}
    assert list(secrets) == [venue.value for venue in Venue]
    secrets["pacifica_access"] = [read_access_file(tmp_path / "keys" / "pacifica_access.json").key.reveal().encode()]
    files = [path for path in sorted(tmp_path.rglob("*")) if path.is_file()]
    found = {path.relative_to(tmp_path).as_posix(): found_in(path.read_bytes(), secrets) for path in files}
    assert {path: names for path, names in found.items() if names} == {f"keys/{name}.json": [name] for name in secrets}
    assert b"engine.signing" in told
    assert found_in(told, secrets) == []
    journal = next(tmp_path.glob("runs/*/journal.jsonl")).read_bytes()
    assert journal.count(b"SubmitOrder") > 1, "nothing was signed, so nothing was proven"
    assert b"code 403" not in journal, "Pacifica was not shown the access key, or another"
    assert not [name for name in os.environ if found_in(os.environ[name].encode(), secrets)]
    assert traded(tmp_path)
