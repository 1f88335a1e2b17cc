from __future__ import annotations

import pytest

from statecharts.chart import ChartError, State, expand
from tests.statecharts.sample import SAMPLE


def test_the_group_is_the_part_before_the_dot() -> None:
    assert State(name="HOT.boiling", doc="").group == "HOT"
    assert State(name="COLD", doc="").group == "COLD"


def test_a_state_is_found_by_its_name() -> None:
    assert SAMPLE.state("HOT.boiling").doc == "It boils."


def test_asking_for_a_state_that_is_not_there_names_the_chart() -> None:
    with pytest.raises(KeyError, match=r"kettle.*TEPID"):
        SAMPLE.state("TEPID")


@pytest.mark.parametrize(
    ("patterns", "names"),
    [
        (("COLD",), ("COLD",)),
        (("HOT.*",), ("HOT.warming", "HOT.boiling")),
        (("*",), ("COLD", "HOT.warming", "HOT.boiling", "POURED")),
        (("POURED", "COLD"), ("POURED", "COLD")),
        (("HOT.boiling", "HOT.*"), ("HOT.boiling", "HOT.warming")),
        ((), ()),
    ],
)
def test_patterns_name_each_state_once(patterns: tuple[str, ...], names: tuple[str, ...]) -> None:
    assert expand(SAMPLE, patterns) == names


@pytest.mark.parametrize("pattern", ["TEPID", "TEPID.*", "HO.*", ""])
def test_a_pattern_that_matches_nothing_is_refused(pattern: str) -> None:
    with pytest.raises(ChartError, match="chart kettle: no state matches"):
        expand(SAMPLE, (pattern,))


def test_a_chart_is_frozen() -> None:
    with pytest.raises(AttributeError):
        SAMPLE.initial = "POURED"  # type: ignore[misc]
