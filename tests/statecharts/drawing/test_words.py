from __future__ import annotations

from statecharts.drawing.words import guard_words, opening, row_words, state_words, target_words, times, wrapped
from tests.statecharts.sample import SAMPLE

ROWS = {row.id: row for row in SAMPLE.rows}


def test_a_row_reads_trigger_guards_actions_and_id() -> None:
    assert row_words(ROWS["K1"]) == "Filled [enough & not lid_open] / close_lid (K1)"
    assert row_words(ROWS["K4"]) == "Measured [bubbles] (K4)"


def test_a_timer_is_seen_to_be_a_timer() -> None:
    assert row_words(ROWS["K7"]) == "⏱ too_long / switch_off (K7)"


def test_a_counted_row_says_how_often() -> None:
    assert row_words(ROWS["K4"], {"K4": 3}) == "Measured [bubbles] (K4) ×3"
    assert row_words(ROWS["K4"], {}) == "Measured [bubbles] (K4) ×0"
    assert times(None, "K4") == ""


def test_guards_read_after_if() -> None:
    assert guard_words(("a", "!b", "c")) == "a & not b & c"
    assert guard_words(()) == ""


def test_a_target_is_a_state_the_same_again_or_none() -> None:
    assert [target_words(ROWS[name]) for name in ("K4", "K5", "K8")] == ["HOT.boiling", "stays", "enters again"]


def test_states_are_shortened_to_their_box_or_to_all() -> None:
    assert state_words(SAMPLE, ("POURED", "COLD")) == "COLD, POURED"
    assert state_words(SAMPLE, ("HOT.boiling", "HOT.warming", "COLD")) == "COLD, HOT.*"
    assert state_words(SAMPLE, ("HOT.boiling",)) == "HOT.boiling"
    assert state_words(SAMPLE, [state.name for state in SAMPLE.states]) == "every state"
    assert state_words(SAMPLE, ()) == ""


def test_the_opening_is_the_first_sentence() -> None:
    assert opening("The coil\n   is on. It hums.") == "The coil is on"
    assert opening("No stop") == "No stop"


def test_names_are_never_broken() -> None:
    assert wrapped("a very_long_name-indeed here", 8) == ("a", "very_long_name-indeed", "here")
    assert wrapped("", 8) == ("",)
