"""Writes a recorded log anew: its envelopes are kept, decisions and hashes are those of today's code.

For logs that are tests, when a decision was changed on purpose; the differences are shown before anything is written.
Counterparts: `engine.replay`, which finds the differences; `tests/logs`.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import msgspec

from engine.core import Core
from engine.journal.files import head_path, lock_directory
from engine.journal.reader import read
from engine.journal.record import HEAD_NAME, JOURNAL_NAME, Header, encode_states
from engine.journal.revision import chart_digests, code_revision
from engine.journal.writer import JournalWriter
from engine.replay import ReplayReport, build_core, redecide, replay

BATCH_RECORDS = 1000


def rerecord(path: Path, *, apply: bool) -> ReplayReport:
    """What today's code decides differently on that log; with `apply` the log is written so.

    Raises JournalLocked while an engine runs there, and JournalError's kinds when the log itself is not good.
    """
    report = replay(path, go_on=True)
    if apply:
        journal = Path(report.path)
        lock = lock_directory(journal.parent)
        try:
            _replace(journal)
        finally:
            os.close(lock)
    return report


def render_rerecord(report: ReplayReport, *, applied: bool) -> str:
    """What is, or would be, written."""
    told = f"{report.path}: {report.messages} messages, {report.differing} decisions differ, "
    return told + ("written anew\n" if applied else "nothing written; say --apply to write them\n")


def _replace(journal: Path) -> None:
    """Write the new log beside the old one, then move it over in one step."""
    with tempfile.TemporaryDirectory(dir=journal.parent, prefix=".rerecord-") as scratch:
        _write_anew(journal, Path(scratch))
        (Path(scratch) / JOURNAL_NAME).replace(journal)
        head = head_path(journal)
        if head is not None:
            (Path(scratch) / HEAD_NAME).replace(head)


def _write_anew(journal: Path, directory: Path) -> None:
    reader = read(journal)
    core = build_core(reader.header)
    writer = JournalWriter(directory, _renewed(reader.header, core), head_every_s=0.0)
    try:
        for record, decision in redecide(reader, core):
            writer.append(decision)
            if record.seq % BATCH_RECORDS == 0:
                writer.commit()
        writer.commit()
        if reader.end is not None:
            writer.close(reader.end.reason)
    finally:
        writer.abandon()


def _renewed(header: Header, core: Core) -> Header:
    start = encode_states(tuple(core.states.values()))
    return msgspec.structs.replace(header, code=code_revision(), charts=chart_digests(), start=start)
