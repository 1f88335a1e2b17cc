from __future__ import annotations

import pytest

from statecharts.catalog import CATALOG
from tests.mutation.__main__ import JUDGES
from tests.mutation.accepted import FILE, accepted
from tests.mutation.charts import mutants
from tests.mutation.report import Outcome, report
from tests.mutation.sources import describe

TABLE = """
| mutant | why |
| --- | --- |
| `lamp A1: dropped` | nobody looks |
"""
DIFFERENCE = """--- actors/actor.py
+++ actors/actor.py
@@ -1,3 +1,3 @@
     def step(self) -> int:
-        return 1
+        return 2
"""


def test_an_accepted_survivor_is_counted_and_not_listed() -> None:
    told = report("charts", [Outcome("lamp A1: dropped", False), Outcome("lamp A2: dropped", False)], accepted(TABLE))
    assert told.new == ("lamp A2: dropped",)
    assert "1 accepted, 1 left" in told.text
    assert "A1: dropped" not in told.text


def test_an_accepted_mutant_that_is_caught_after_all_is_named() -> None:
    told = report("charts", [Outcome("lamp A1: dropped", True)], accepted(TABLE))
    assert told.stale == ("lamp A1: dropped",)
    assert "take it out" in told.text


def test_texts_for_people_and_equal_decisions_are_counted_apart() -> None:
    told = report("code", [Outcome("one", False, words=True), Outcome("two", False, equal=True)], {})
    assert told.new == ()
    assert "1 decide the same, 1 change words only" in told.text


@pytest.mark.parametrize("wrong", [TABLE + "| `lamp A1: dropped` | again |\n", "| `lamp A2: dropped` |  |\n"])
def test_an_entry_without_a_reason_or_given_twice_is_refused(wrong: str) -> None:
    with pytest.raises(ValueError, match="one row, with a reason"):
        accepted(wrong)


def test_the_committed_list_can_be_read() -> None:
    assert all(reason for reason in accepted(FILE.read_text(encoding="utf-8")).values())


def test_every_accepted_mutant_of_a_chart_can_still_be_made() -> None:
    made = [mutant.name for name in JUDGES for mutant in mutants(CATALOG[name])]
    listed = [name for name in accepted(FILE.read_text(encoding="utf-8")) if name.partition(" ")[0] in JUDGES]
    assert listed
    assert [name for name in listed if name not in made] == []


def test_a_mutant_of_the_code_is_named_by_its_function_and_its_change() -> None:
    tried = describe("actors.actor.xǁRoleǁstep__mutmut_7", DIFFERENCE, "survived")
    assert tried.name == "actors.actor.Role.step: return 1 -> return 2"
    assert describe("actors.gates.x_open__mutmut_1", DIFFERENCE, "").name.startswith("actors.gates.open: ")


def test_a_change_of_a_text_with_a_space_is_words_only() -> None:
    def words_only(taken: str, put: str) -> bool:
        return describe("a.x_b__mutmut_1", f"-{taken}\n+{put}", "survived").words_only

    assert words_only('text = "no link to it"', 'text = "XXno link to itXX"')
    assert not words_only('code = "no_link"', 'code = "XXno_linkXX"')
    assert not words_only('say("no link", 1)', 'say("no link", 2)')
