"""The sentences of the page on ADL name what exists, and every gap in them is filled."""

from __future__ import annotations

import re
from pathlib import Path

import engine.calibration
from actors.policy import AdlPolicy
from engine.calibration import adl_words

PAGE = Path(engine.calibration.__file__).parent / "ADL.md"
SENTENCES = [text for name, text in vars(adl_words).items() if name.isupper()]


def test_every_number_of_the_policy_that_is_named_exists() -> None:
    named = {name for text in SENTENCES for name in re.findall(r"policy\.adl\.(\w+)", text)}
    assert "deleveraged_stress" in named
    assert sorted(named - set(AdlPolicy.__struct_fields__)) == []


def test_every_module_that_is_named_exists() -> None:
    root = Path(engine.__file__).parents[1]
    named = {name for text in SENTENCES for name in re.findall(r"`((?:actors|engine)/[\w/]+\.py)`", text)}
    assert named
    assert [name for name in sorted(named) if not (root / name).is_file()] == []


def test_no_gap_is_left_on_the_page_and_no_sentence_is_missing() -> None:
    page = PAGE.read_text()
    assert "{" not in page
    for text in SENTENCES:
        assert text.lstrip().splitlines()[0].partition("{")[0] in page
