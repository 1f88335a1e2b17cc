from __future__ import annotations

from pathlib import Path

import pytest

from engine.errors import UserError
from engine.simulators.fault_file import read_fault_plan

VENUES = ("hyperliquid", "pacifica")
RULE = '[[rules]]\nname = "x"\ntraffic = "http"\n'
DELAY = 'fault = { do = "delay", delay_s = 1 }\n'


def refusal(tmp_path: Path, text: str) -> str:
    path = tmp_path / "faults.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(UserError) as refused:
        read_fault_plan(path, VENUES)
    said = str(refused.value)
    assert said.startswith(f"{path}: ")
    return said


@pytest.mark.parametrize("venue", ["hyperliquid", "hyper*", "*", "pacific?"])
def test_a_rule_for_a_venue_there_is_is_read(venue: str, tmp_path: Path) -> None:
    path = tmp_path / "faults.toml"
    path.write_text(f'{RULE}venue = "{venue}"\n{DELAY}')
    (rule,) = read_fault_plan(path, VENUES).rules
    assert rule.venue == venue


@pytest.mark.parametrize("venue", ["hyperlquid", "Pacifica", "kraken*", ""])
def test_a_rule_for_a_venue_there_is_not_is_refused_by_name_with_the_choices(venue: str, tmp_path: Path) -> None:
    said = refusal(tmp_path, f'{RULE}venue = "{venue}"\n{DELAY}')
    for word in ("rule 'x'", repr(venue), "hyperliquid, pacifica"):
        assert word in said


@pytest.mark.parametrize(
    ("text", "named", "choices"),
    [
        (RULE + DELAY + "sometimes = true\n", "sometimes", ("probability", "at_most", "match")),
        (RULE + 'fault = { do = "delay", delay = 1 }\n', "delay", ("the fields there are do, delay_s",)),
        (RULE + 'fault = { do = "dely", delay_s = 1 }\n', "dely", ("delay", "drop_response", "cap_fill")),
        (RULE + "fault = { delay_s = 1 }\n", "do", ("delay", "drop_response", "cap_fill")),
        (RULE.replace("http", "htp") + DELAY, "htp", ("choose among http, frame, connect",)),
        (RULE, "fault", ("the fields there are name, traffic, fault",)),
        ("[[rule]]\n", "rule", ("the fields there are rules",)),
    ],
)
def test_what_is_misspelt_is_refused_by_name_with_the_choices(
    text: str, named: str, choices: tuple[str, ...], tmp_path: Path
) -> None:
    said = refusal(tmp_path, text)
    assert [word for word in (f"{named}", "is not a fault plan", *choices) if word not in said] == []


@pytest.mark.parametrize("text", ["rules = [", RULE + 'fault = { do = "delay", delay_s = "x" }\n'])
def test_what_has_no_choices_names_where_the_form_stands(text: str, tmp_path: Path) -> None:
    assert "correct it as in engine/simulators/faults.py" in refusal(tmp_path, text)


def test_a_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "faults.toml"
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(UserError, match="is not a fault plan"):
        read_fault_plan(path, VENUES)
