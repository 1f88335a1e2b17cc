"""Every recorded run under `tests/logs` is a test of its own: today's code must decide what was decided then.

A decision changed on purpose: `perp2perp rerecord tests/logs/NAME` shows what differs, `--apply` writes it.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.journal.record import HEAD_NAME, JOURNAL_NAME
from engine.journal.verification import verify
from engine.replay import render_replay, replay

LOGS = Path(__file__).parent / "logs"


def recorded() -> list[Path]:
    """Run directories and lone logs, by name."""
    return sorted([*(path.parent for path in LOGS.glob(f"*/{JOURNAL_NAME}")), *LOGS.glob("*.jsonl")])


def test_recorded_runs_are_found() -> None:
    if not LOGS.is_dir():
        pytest.skip("no run has been recorded yet")
    assert recorded(), f"{LOGS} holds no log; a collection that is empty proves nothing"


@pytest.mark.parametrize("log", recorded(), ids=lambda path: path.name)
def test_a_recorded_run_is_decided_as_it_was(log: Path) -> None:
    if (log / HEAD_NAME).is_file():
        verify(log)
    report = replay(log)
    assert report.identical, render_replay(report)
