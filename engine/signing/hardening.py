"""What a process that holds a key gives up: core dumps, being read by a debugger, and words about its errors."""

from __future__ import annotations

import ctypes
import resource
import signal
import sys
from types import TracebackType

PR_SET_DUMPABLE = 4
"""Linux, sys/prctl.h."""


def harden() -> None:
    """No core dump; on Linux no attaching by other processes of this user; no values in what an error prints."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)
    sys.excepthook = _say_type_alone
    # The engine ignores interrupts while it starts, and a child inherits that; who is asked for a password may leave.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)


def outlive_signals() -> None:
    """An interrupt at the terminal reaches every process of it; this one ends when the engine's socket does."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)


def _say_type_alone(kind: type[BaseException], _: BaseException, __: TracebackType | None) -> None:
    print(f"signing process: ended by {kind.__name__}", file=sys.stderr)
