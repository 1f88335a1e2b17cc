from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec
import pytest

from actors.messages import TimerFired
from actors.roles import ROLES
from engine.core import Core, Decision
from engine.journal.errors import RecordAltered, RecordUnreadable
from engine.journal.revision import ROOT
from engine.replay import build_core, rebuild, render_replay, render_state, render_states, replay
from tests.engine.recorded import PAIR, SmallRun, header, hedged_run, record

RUN = hedged_run(8)
DECISIONS = RUN.decisions
replace = msgspec.structs.replace


def seq_of(row: str, actor: str = PAIR) -> int:
    """The first record of the pair that this row made."""
    return next(d.envelope.seq for d in DECISIONS if d.envelope.to == actor and d.row == row)


def changed(seq: int, **changes: Any) -> list[Decision]:
    """The decisions, with one of them recorded otherwise."""
    return [replace(d, **changes) if d.envelope.seq == seq else d for d in DECISIONS]


def test_a_run_replays_identical(tmp_path: Path) -> None:
    record(tmp_path, DECISIONS)
    report = replay(tmp_path)
    assert report.identical
    assert report.divergence is None
    assert (report.messages, report.compared, report.changed_charts) == (len(DECISIONS), len(DECISIONS), ())
    assert report.states == tuple(RUN.core.states.values())
    assert render_replay(report) == f"{tmp_path / 'journal.jsonl'}: identical, {len(DECISIONS)} messages\n"


def test_a_faulted_and_a_denied_step_replay_identical(tmp_path: Path) -> None:
    run = SmallRun()
    run.open_venues()
    run.tell("funding_scanner", TimerFired(timer="nothing", generation=9))
    run.tell("nobody", TimerFired(timer="nothing", generation=9))
    run.ask_entry("3")
    assert any(d.denied for d in run.decisions)
    record(tmp_path, run.decisions)
    assert replay(tmp_path).identical


def test_a_step_that_raised_is_compared_by_its_fault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def raises(*_: object) -> None:
        raise ValueError("a defect")

    with monkeypatch.context() as patched:
        patched.setattr(ROLES["venue_link"], "step", raises)
        run = SmallRun()
        run.open_venues()
        record(tmp_path, run.decisions)
        assert any("a defect" in d.fault for d in run.decisions)
        assert replay(tmp_path).identical
    divergence = replay(tmp_path).divergence
    assert divergence is not None
    assert (divergence.actor, divergence.field, divergence.logged) == ("venue_link/hyperliquid", "row", "fault")


@pytest.mark.parametrize(
    ("row", "field", "changes"),
    [
        ("E1", "row", {"row": "E99"}),
        ("E1", "from", {"source": "IDLE.backoff"}),
        ("E1", "place", {"place": "IDLE.backoff"}),
        ("E6", "commands", {"commands": ()}),
        ("E6", "fault", {"fault": "ValueError: x"}),
        ("M4", "digest", {"digest": "0123456789abcdef"}),
    ],
)
def test_the_first_divergence_is_named_by_seq_actor_and_field(
    tmp_path: Path, row: str, field: str, changes: dict[str, Any]
) -> None:
    seq = seq_of(row)
    record(tmp_path, changed(seq, **changes))
    report = replay(tmp_path)
    first = report.divergence
    assert first is not None
    assert (first.seq, first.actor, first.field) == (seq, PAIR, field)
    assert first.logged != first.today
    assert report.messages == seq, "a replay stops at the first divergence"
    text = render_replay(report)
    assert f"differs at seq {seq}, {PAIR}, {field}; {seq - 1} messages before are identical" in text
    assert f"today  {first.today or '(none)'}" in text


def test_a_size_written_otherwise_is_a_divergence(tmp_path: Path) -> None:
    """0.5 and 0.500 are equal numbers and different words."""
    seq = seq_of("E6")
    order, *others = DECISIONS[seq - 1].commands
    assert hasattr(order, "size")
    other = replace(order, size=order.size.normalize())
    assert other == order
    record(tmp_path, changed(seq, commands=(other, *others)))
    divergence = replay(tmp_path).divergence
    assert divergence is not None
    assert divergence.field == "commands"


def test_what_todays_code_would_have_done_is_told_to_the_end(tmp_path: Path) -> None:
    first, second = seq_of("E1"), seq_of("M4")
    decisions = changed(first, digest="0" * 16)
    decisions[second - 1] = replace(decisions[second - 1], row="M99", place="HEDGED.earning")
    record(tmp_path, decisions)
    report = replay(tmp_path, go_on=True)
    assert (report.differing, report.digest_only, report.messages) == (2, 1, len(DECISIONS))
    assert [(d.seq, d.field) for d in report.differences] == [(first, "digest"), (second, "row"), (second, "place")]
    assert "2 of 33 messages are decided differently (1 in the state digest alone)" in render_replay(report)


def test_differences_are_kept_up_to_a_limit_and_counted_beyond(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.comparison.DIFFERENCES_MOST", 3)
    record(tmp_path, [replace(d, digest="0" * 16) for d in DECISIONS])
    report = replay(tmp_path, go_on=True)
    assert (report.differing, len(report.differences)) == (len(DECISIONS), 3)
    assert f"and {len(DECISIONS) - 3} records more" in render_replay(report)


def test_a_replay_can_stop_at_a_seq_and_show_the_states_there(tmp_path: Path) -> None:
    record(tmp_path, DECISIONS)
    seq = seq_of("E6")
    report = replay(tmp_path, until=seq)
    assert (report.messages, report.last_seq) == (seq, seq)
    pair = next(state for state in report.states if state.actor == PAIR)
    assert pair.place == "TAKER_FILLED.maker_in_flight"
    table = render_states(report.states)
    assert table.splitlines()[0].split() == ["actor", "place", "arrived_ns", "tries", "moves", "timers"]
    assert any(line.split()[:2] == [PAIR, pair.place] and "maker_timeout#2" in line for line in table.splitlines())
    assert '"place": "TAKER_FILLED.maker_in_flight"' in render_state(pair)


def test_a_replay_can_start_comparing_at_a_seq(tmp_path: Path) -> None:
    record(tmp_path, changed(seq_of("E1"), row="E99"))
    assert replay(tmp_path, since=seq_of("E1") + 1).identical
    assert not replay(tmp_path, since=seq_of("E1")).identical


def test_a_rebuilt_core_decides_on_as_the_first_one_would(tmp_path: Path) -> None:
    cut = seq_of("E6")
    record(tmp_path, DECISIONS[:cut], reason=None)
    core, report = rebuild(tmp_path)
    assert report.identical
    assert [core.step(d.envelope) for d in DECISIONS[cut:]] == DECISIONS[cut:]


def test_the_core_starts_as_the_header_says() -> None:
    core = build_core(header())
    fresh = SmallRun().core
    assert isinstance(core, Core)
    assert (core.states, core.policy) == (fresh.states, fresh.policy)


def test_a_role_this_code_does_not_have_is_refused() -> None:
    strange = replace(header(), start={"prophet/1": msgspec.Raw(b"{}")})
    with pytest.raises(RecordUnreadable, match="prophet/1, of which this code has no role"):
        build_core(strange)


def test_a_log_that_is_not_good_is_not_replayed(tmp_path: Path) -> None:
    path = record(tmp_path, DECISIONS)
    path.write_bytes(path.read_bytes().replace(b'"row":"E1"', b'"row":"E2"', 1))
    with pytest.raises(RecordAltered):
        replay(tmp_path)


def test_a_torn_tail_is_left_out_and_told(tmp_path: Path) -> None:
    path = record(tmp_path, DECISIONS, reason=None)
    with path.open("ab") as file:
        file.write(b"{")
    report = replay(tmp_path)
    assert (report.identical, report.torn_bytes) == (True, 1)
    assert "the last line is torn (1 bytes) and was left out" in render_replay(report)


def test_charts_and_code_changed_since_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    record(tmp_path, DECISIONS)
    monkeypatch.setattr("engine.replay.chart_digests", lambda: {**header().charts, "risk": "0" * 32})
    monkeypatch.setattr("engine.replay.code_revision", lambda: "9.9.9+0")
    report = replay(tmp_path)
    assert report.changed_charts == ("risk",)
    assert "charts changed since: risk" in render_replay(report)
    assert "replayed by 9.9.9+0" in render_replay(report)


def test_replay_rerecord_and_audit_need_neither_trio_nor_venues() -> None:
    script = (
        "import sys, engine.replay, engine.rerecord, engine.audit;"
        "print(*sorted(m for m in sys.modules if m.split('.')[0] in ('trio', 'transitions', 'httpx', 'websockets')"
        " or m.startswith(('engine.venues', 'engine.simulators'))))"
    )
    said = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    assert said.stdout.strip() == ""
