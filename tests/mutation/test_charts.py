from __future__ import annotations

from msgspec.structs import replace

from statecharts.catalog import CATALOG
from statecharts.chart import Chart
from tests.mutation.charts import mutants
from tests.statecharts.sample import SAMPLE


def changes(place: str) -> list[str]:
    return [mutant.change for mutant in mutants(SAMPLE) if mutant.place == place]


def made(name: str) -> Chart:
    return next(mutant.made for mutant in mutants(SAMPLE) if mutant.name == f"{SAMPLE.name} {name}")


def test_every_row_is_dropped_once() -> None:
    dropped = [mutant.place for mutant in mutants(SAMPLE) if mutant.change == "dropped"]
    assert dropped == [row.id for row in SAMPLE.rows]


def test_every_guard_is_dropped_and_negated_and_every_action_is_dropped() -> None:
    for row in SAMPLE.rows:
        said = changes(row.id)
        assert [each for each in said if each.endswith(" negated")] == [f"guard {guard} negated" for guard in row.when]
        assert all(f"guard {guard} dropped" in said for guard in row.when)
        assert all(f"action {action} dropped" in said for action in row.do)


def test_every_timer_entry_and_invariant_of_a_state_is_dropped() -> None:
    for state in SAMPLE.states:
        words = [f"timer {each} dropped" for each in state.timers]
        words += [f"enter {each} dropped" for each in state.enter] + [f"holds {each} dropped" for each in state.holds]
        assert changes(state.name) == words


def test_a_mutant_differs_in_its_one_mistake_alone() -> None:
    for mutant in mutants(SAMPLE):
        assert mutant.made != SAMPLE
        assert replace(mutant.made, rows=SAMPLE.rows, states=SAMPLE.states) == SAMPLE
        altered = [row for row in mutant.made.rows if row not in SAMPLE.rows]
        assert len(altered) <= 1


def test_no_two_mutants_of_a_chart_have_one_name() -> None:
    for chart in CATALOG.values():
        names = [mutant.name for mutant in mutants(chart)]
        assert len(names) == len(dict.fromkeys(names))
