from __future__ import annotations

from engine.checking.command import check
from engine.checking.diagram import draw
from engine.checking.planted import PLANTED
from engine.checking.playbook import stages


def test_a_counterexample_is_drawn_as_a_sequence_of_messages_and_commands() -> None:
    name = "doubt_taken_for_failure"
    checked = check(PLANTED[name].bounds(), 1, bug=name, stop_at_first=True, quiet=True)
    complaint = checked.complaints[0]
    drawn = draw(complaint, stages(checked.found, complaint, checked.shop)).splitlines()
    assert drawn[0] == "sequenceDiagram"
    assert "    engine->>taker: taker order on the taker venue: sell 1" in drawn
    assert any(line.startswith("    taker->>engine: arrives -- ") for line in drawn)
    assert any("(fault)" in line for line in drawn)
    assert complaint.text in drawn[-1]
    assert not any(";" in line or "#" in line for line in drawn)
