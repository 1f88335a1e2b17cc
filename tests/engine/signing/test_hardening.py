"""What a process with a key gives up; tried in processes of their own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest

from engine.config import ROOT
from tests.engine.keys.samples import HYPERLIQUID, leaks

HARDEN = "from engine.signing.hardening import harden, outlive_signals\nharden()\n"


def run(script: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", HARDEN + script, *arguments]
    return subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False, timeout=30)


def test_it_leaves_no_core() -> None:
    ended = run("import resource; print(resource.getrlimit(resource.RLIMIT_CORE))")
    assert ended.stdout == "(0, 0)\n"


@pytest.mark.skipif(sys.platform != "linux", reason="a rule of Linux")
def test_other_processes_of_the_user_cannot_look_into_it() -> None:
    get_dumpable = 3
    assert run(f"import ctypes; print(ctypes.CDLL(None).prctl({get_dumpable}, 0, 0, 0, 0))").stdout == "0\n"


def test_an_error_is_told_by_its_type_alone() -> None:
    secret = HYPERLIQUID.secret.reveal()
    ended = run("import sys\nraise ValueError(sys.argv[1])", secret)
    assert (ended.returncode, ended.stdout, ended.stderr) == (1, "", "signing process: ended by ValueError\n")
    assert leaks(ended.stderr) == []


def test_signals_of_the_terminal_do_not_end_it() -> None:
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    kill = "".join(f"os.kill(os.getpid(), {int(number)})\n" for number in numbers)
    assert run(f"import os\noutlive_signals()\n{kill}print('here')").stdout == "here\n"
    assert run(f"import os\n{kill}print('here')").returncode != 0


def test_an_interrupt_ends_it_while_it_still_asks_for_a_password() -> None:
    assert run("import os\nos.kill(os.getpid(), 2)").returncode in (1, -signal.SIGINT, 128 + signal.SIGINT)
    assert os.name == "posix"


def test_an_interrupt_ends_it_though_the_engine_that_started_it_ignores_interrupts() -> None:
    signal.signal(signal.SIGINT, ignored := signal.SIG_IGN)
    try:
        ended = run("import os\nos.kill(os.getpid(), 2)\nprint('here')")
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    assert ignored is signal.SIG_IGN
    assert (ended.stdout, ended.returncode != 0) == ("", True)
