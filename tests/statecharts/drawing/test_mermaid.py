from __future__ import annotations

import re

import pytest

from statecharts.catalog import CHARTS
from statecharts.chart import Chart
from statecharts.drawing.mermaid import escaped, identifier, mermaid
from tests.statecharts.sample import SAMPLE

ID = r"[A-Za-z]\w*"
LABEL = r'(?:[^:;"<>{}%\\#]|#\d+;|<br/>)+'
GRAMMAR = re.compile(
    rf'stateDiagram-v2|direction TB|state "{LABEL}" as {ID}(?: \{{)?|\}}|{ID} : {LABEL}'
    rf"|\[\*\] --> {ID}|{ID} --> \[\*\]|{ID} --> {ID} : {LABEL}"
    rf"|note right of {ID}|end note"
)
"""The lines we write, all of which mermaid's own parser was seen to take."""


def unread(picture: str) -> list[str]:
    """Lines outside the grammar; a note's lines need only be free of what would end or confuse it."""
    found, note = [], False
    for line in picture.splitlines():
        text = line.strip()
        note = note and text != "end note"
        if not (re.fullmatch(LABEL, text) if note else GRAMMAR.fullmatch(text)):
            found.append(text)
        note = note or text.startswith("note ")
    return found


@pytest.mark.parametrize("chart", [*CHARTS, SAMPLE], ids=lambda chart: str(chart.name))
def test_every_line_is_one_the_parser_takes(chart: Chart) -> None:
    assert unread(mermaid(chart)) == []
    assert unread(mermaid(chart, {"K1": 2})) == []


@pytest.mark.parametrize("chart", [*CHARTS, SAMPLE], ids=lambda chart: str(chart.name))
def test_different_states_have_different_identifiers(chart: Chart) -> None:
    names = [state.name for state in chart.states] + [f"{state.group}.*" for state in chart.states]
    assert len({identifier(name).lower() for name in names}) == len({name.lower() for name in names})


@pytest.mark.parametrize("chart", [*CHARTS, SAMPLE], ids=lambda chart: str(chart.name))
def test_every_state_and_row_is_in_the_picture(chart: Chart) -> None:
    picture = mermaid(chart)
    assert [state.name for state in chart.states if f" as {identifier(state.name)}\n" not in picture] == []
    assert [row.id for row in chart.rows if f"({row.id})" not in picture] == []


def test_states_stand_in_their_box_with_meaning_and_timers() -> None:
    assert """\
    state "HOT" as HOT_box {
        state "warming" as HOT__warming
        HOT__warming : The coil is on<br/>⏱ too_long<br/>⏱ look<br/>may hold a leg
        state "boiling" as HOT__boiling
""" in mermaid(SAMPLE)


def test_the_start_and_the_end_are_marked() -> None:
    picture = mermaid(SAMPLE)
    assert "    [*] --> COLD\n" in picture
    assert "    POURED --> [*]\n" in picture


def test_an_arrow_carries_trigger_guards_actions_and_row() -> None:
    picture = mermaid(SAMPLE, {"K1": 4})
    assert "    COLD --> HOT__warming : Filled [enough & not lid_open] / close_lid (K1) ×4\n" in picture
    assert "    HOT_box --> POURED : ⏱ too_long / switch_off (K7) ×0\n" in picture


def test_rows_that_stay_stand_in_a_note() -> None:
    assert """\
    note right of HOT__boiling
        stays inside
        Measured / note (K5)
    end note
""" in mermaid(SAMPLE)


def test_texts_that_would_break_the_parser_are_escaped() -> None:
    assert escaped('a: "b"; {c} <d> #5 100%') == ("a#58; #34;b#34;#59; #123;c#125; #60;d#62; #35;5 100#37;")
    assert "COLD : Stands on the shelf#59; #34;cold#34;#58; nobody waits\n" in mermaid(SAMPLE)


def test_the_grammar_refuses_what_the_parser_refuses() -> None:
    assert unread("A --> B : timer:x") == ["A --> B : timer:x"]
    assert unread("A.b --> B : x") == ["A.b --> B : x"]
    assert unread("note right of A\n  a: b\nend note") == ["a: b"]
