"""Feeds the envelopes of a journal to today's core and compares what it decides with what was decided.

Needs neither trio nor venues: a run is its header and its envelopes. The first divergence is named by seq, actor and
field. Counterparts: `engine.comparison`, which compares; `engine.rerecord`, which writes a log anew on purpose.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec

from actors.actor import ActorState
from actors.roles import STATE_TYPES, role_name
from engine.comparison import Difference, Tally
from engine.core import Core, Decision
from engine.journal.errors import RecordUnreadable
from engine.journal.reader import JournalReader, read
from engine.journal.record import Header, StepRecord, decode_states
from engine.journal.revision import chart_digests, code_revision


class ReplayReport(msgspec.Struct, frozen=True, kw_only=True):
    """What a replay found. `messages` were delivered, `compared` of them were compared, `differing` differ.

    `digest_only` of the differing records have the same decision on a state of another digest. `states` are the
    actors' after the last message. `changed_charts` have another digest today than when the log was written.
    """

    path: str
    code: str
    code_today: str
    changed_charts: tuple[str, ...]
    messages: int
    compared: int
    last_seq: int
    differing: int
    digest_only: int
    differences: tuple[Difference, ...]
    torn_bytes: int
    states: tuple[ActorState, ...]

    @property
    def identical(self) -> bool:
        """True when every compared record is what today's code decides."""
        return self.differing == 0

    @property
    def divergence(self) -> Difference | None:
        """The first difference."""
        return self.differences[0] if self.differences else None


def build_core(header: Header) -> Core:
    """Today's core at the start of that run. Raises RecordUnreadable when a start state is of another shape."""
    unknown = [actor for actor in header.start if role_name(actor) not in STATE_TYPES]
    if unknown:
        raise RecordUnreadable(
            f"line 1: the run starts with {unknown[0]}, of which this code has no role; "
            "replay it with the code revision the header names"
        )
    types = {actor: STATE_TYPES[role_name(actor)] for actor in header.start}
    return Core(header.policy, decode_states(header.start, types))


def redecide(reader: JournalReader, core: Core, until: int | None = None) -> Iterator[tuple[StepRecord, Decision]]:
    """Each record with what the core decides on its envelope, up to and including seq `until`."""
    for record in reader:
        yield record, core.step(record.envelope)
        if record.seq == until:
            return


def replay(path: Path, *, until: int | None = None, since: int = 1, go_on: bool = False) -> ReplayReport:
    """Replay a run directory or a log up to seq `until`, comparing from seq `since`.

    Stops at the first divergence; with `go_on` it tells to the end what today's code would have done. Raises
    JournalError's kinds when the log itself is not good.
    """
    return rebuild(path, until=until, since=since, go_on=go_on)[1]


def rebuild(path: Path, *, until: int | None = None, since: int = 1, go_on: bool = False) -> tuple[Core, ReplayReport]:
    """As `replay`, and the core as it stands then: what recovery continues with."""
    reader = read(path)
    core = build_core(reader.header)
    tally = Tally()
    for record, decision in redecide(reader, core, until):
        if record.seq >= since and not tally.compare(record, decision) and not go_on:
            break
    return core, _report(reader, core, tally)


def _report(reader: JournalReader, core: Core, tally: Tally) -> ReplayReport:
    then, today = reader.header.charts, chart_digests()
    return ReplayReport(
        path=str(reader.path),
        code=reader.header.code,
        code_today=code_revision(),
        changed_charts=tuple(sorted(name for name in {**then, **today} if then.get(name) != today.get(name))),
        messages=reader.seq,
        compared=tally.compared,
        last_seq=reader.seq,
        differing=tally.differing,
        digest_only=tally.digest_only,
        differences=tuple(tally.differences),
        torn_bytes=reader.torn_bytes,
        states=tuple(core.states.values()),
    )


# --- words ---------------------------------------------------------------------------------------------------


def render_replay(report: ReplayReport) -> str:
    """The finding in one line, then the differences and what has changed since the log was written."""
    lines = [f"{report.path}: {_finding(report)}"]
    lines += [line for difference in report.differences for line in _difference_lines(difference)]
    unnamed = report.differing - len({difference.seq for difference in report.differences})
    if unnamed > 0:
        lines.append(f"  and {unnamed} records more")
    if report.code != report.code_today:
        lines.append(f"  written by code {report.code}, replayed by {report.code_today}")
    if report.changed_charts:
        lines.append(f"  charts changed since: {', '.join(report.changed_charts)}")
    if report.torn_bytes:
        lines.append(f"  the last line is torn ({report.torn_bytes} bytes) and was left out")
    return "\n".join(lines) + "\n"


def _finding(report: ReplayReport) -> str:
    first = report.divergence
    if first is None:
        return f"identical, {report.compared} messages"
    if report.differing == 1 and report.last_seq == first.seq:
        before = report.compared - 1
        return f"differs at seq {first.seq}, {first.actor}, {first.field}; {before} messages before are identical"
    return (
        f"{report.differing} of {report.compared} messages are decided differently "
        f"({report.digest_only} in the state digest alone), first at seq {first.seq}, {first.actor}, {first.field}"
    )


def _difference_lines(difference: Difference) -> tuple[str, str, str]:
    return (
        f"  seq {difference.seq} {difference.actor} {difference.field}",
        f"    logged {difference.logged or '(none)'}",
        f"    today  {difference.today or '(none)'}",
    )


def render_states(states: tuple[ActorState, ...]) -> str:
    """The actors as a table: where each is, since when, and which timers run."""
    heads = ("actor", "place", "arrived_ns", "tries", "moves", "timers")
    rows = [heads, *(_state_cells(state) for state in states)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(heads))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    return "\n".join(lines) + "\n"


def _state_cells(state: ActorState) -> tuple[str, ...]:
    timers = " ".join(f"{armed.timer}#{armed.generation}" for armed in state.timers)
    return (state.actor, state.place, str(state.arrived_ns), str(state.tries), str(state.transitions), timers or "-")


def render_state(state: ActorState) -> str:
    """All that one actor knows, as indented JSON."""
    return msgspec.json.format(msgspec.json.encode(state), indent=2).decode() + "\n"
