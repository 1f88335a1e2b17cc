"""The compiled table decides money at run time; the library's machine, built from the same rows, is its judge."""

from __future__ import annotations

import re
from collections.abc import Callable

import msgspec
import pytest

from statecharts.catalog import CATALOG
from statecharts.chart import Chart, ChartError, Ignored, Row, State
from statecharts.interpreter import Choice, Table, build_machine, check_vocabulary, compile_chart, decide
from tests.statecharts.judge import Recorder, action_names, cases, disagreements, guard_names, traps
from tests.statecharts.sample import SAMPLE, changed, with_row, with_state

ALL = [*CATALOG.values(), SAMPLE]
every_chart = pytest.mark.parametrize("chart", ALL, ids=lambda chart: str(chart.name))


# What the judge holds for every chart.


@every_chart
def test_the_table_and_the_machine_agree_on_every_case(chart: Chart) -> None:
    assert not traps(chart)
    assert disagreements(chart) == []


@every_chart
def test_the_judge_walks_every_cell_with_every_valuation(chart: Chart) -> None:
    table = compile_chart(chart)
    walked = [(state, trigger, tuple(valuation.items())) for state, trigger, valuation in cases(chart, table)]
    guards = {
        (state.name, trigger): {name for choice in table[state.name][trigger] for name, _ in choice.guards}
        for state in chart.states
        for trigger in chart.triggers
    }
    assert len(walked) == len(set(walked)) == sum(2 ** len(names) for names in guards.values())


@every_chart
def test_no_guard_is_asked_that_its_cell_does_not_mention(chart: Chart) -> None:
    """A valuation holds the cell's guards alone: asking for another one would raise KeyError here."""
    table = compile_chart(chart)
    for state, trigger, valuation in cases(chart, table):
        decide(table, state, trigger, valuation.__getitem__)


def test_a_row_behind_both_values_of_a_guard_is_refused() -> None:
    rows = (*SAMPLE.rows[:2], Row(id="K2b", source=("COLD",), on="Filled", when=("!enough",)), *SAMPLE.rows[2:])
    with pytest.raises(ChartError, match="row K3 of COLD x Filled is never reached"):
        compile_chart(changed(rows=rows))


@every_chart
def test_timers_of_the_target_run_after_every_move(chart: Chart) -> None:
    """Kept, armed and cancelled together are exactly the target's timers; a row that stays touches none."""
    for state in chart.states:
        for cell in compile_chart(chart)[state.name].values():
            for choice in cell:
                if choice.target is None:
                    assert (choice.arm, choice.cancel) == ((), ())
                    continue
                kept = [timer for timer in state.timers if timer not in (*choice.arm, *choice.cancel)]
                assert sorted([*kept, *choice.arm]) == sorted(chart.state(choice.target).timers)
                assert all(timer in state.timers for timer in choice.cancel)


# The judge is judged: each planted mismatch is found, in the cell where it was planted.


def planted(state: str, trigger: str, change: Callable[[tuple[Choice, ...]], tuple[Choice, ...]]) -> Table:
    table = compile_chart(SAMPLE)
    table[state][trigger] = change(table[state][trigger])
    return table


def first(cell: tuple[Choice, ...], **fields: object) -> tuple[Choice, ...]:
    return (msgspec.structs.replace(cell[0], **fields), *cell[1:])


@pytest.mark.parametrize(
    ("state", "trigger", "change"),
    [
        ("COLD", "Filled", lambda cell: first(cell, target="POURED")),
        ("COLD", "Filled", lambda cell: first(cell, target=None)),
        ("COLD", "Filled", lambda cell: first(cell, actions=("close_lid", "note", "switch_on"))),
        ("COLD", "Filled", lambda cell: first(cell, actions=("switch_on", "note", "close_lid"))),
        ("COLD", "Filled", lambda cell: first(cell, actions=("close_lid",))),
        ("COLD", "Filled", lambda cell: first(cell, guards=(("enough", True), ("lid_open", True)))),
        ("COLD", "Filled", lambda cell: first(cell, guards=(("enough", True),))),
        ("COLD", "Filled", lambda cell: cell[::-1]),
        ("COLD", "Filled", lambda cell: cell[:-1]),
        ("HOT.warming", "timer:look", lambda cell: first(cell, target=None, actions=())),
        ("HOT.boiling", "Measured", lambda cell: first(cell, target="HOT.boiling", actions=("note", "whistle"))),
        ("POURED", "Measured", lambda cell: first(cell, actions=("note",))),
    ],
    ids=[
        "other target", "stays", "entering actions swapped", "entering first", "entering forgotten", "guard negated",
        "guard lost", "order reversed", "last row lost", "not re-entered", "re-entered", "ignored but acts",
    ],
)  # fmt: skip
def test_a_planted_mismatch_is_detected(
    state: str, trigger: str, change: Callable[[tuple[Choice, ...]], tuple[Choice, ...]]
) -> None:
    found = disagreements(SAMPLE, planted(state, trigger, change))
    assert found
    assert all(line.startswith(f"kettle: {state} × {trigger} ") for line in found)


@pytest.mark.parametrize(
    ("chart", "trap"),
    [
        (with_row("K5", do=("enough",)), "enough is a guard and an action"),
        (with_row("K5", do=("trigger",)), "trigger is a name of the machine's own"),
        (with_row("K5", do=("Filled",)), "Filled is a name of the machine's own"),
        (with_row("K4", when=("os.getcwd",)), "os.getcwd is no identifier"),
    ],
)
def test_a_name_the_library_would_confuse_is_noticed(chart: Chart, trap: str) -> None:
    assert trap in traps(chart)


def test_an_action_nobody_wrote_fails_in_the_machine() -> None:
    model = Recorder(SAMPLE)
    del model.close_lid  # type: ignore[attr-defined]
    machine = build_machine(SAMPLE, model)
    machine.set_state("COLD", model)
    model.valuation = {"enough": True, "lid_open": False}
    with pytest.raises(AttributeError, match="close_lid"):
        model.trigger("Filled")  # type: ignore[attr-defined]


def test_a_machine_without_a_model_can_be_drawn() -> None:
    machine = build_machine(SAMPLE)
    assert list(machine.states) == [state.name for state in SAMPLE.states]
    assert list(machine.models) == []


# How a chart is compiled.


def test_the_machine_has_the_chart_s_triggers_and_no_others() -> None:
    assert sorted(build_machine(SAMPLE).events) == sorted(SAMPLE.triggers)


def test_a_cell_holds_its_rows_in_the_order_written() -> None:
    cell = compile_chart(SAMPLE)["COLD"]["Filled"]
    assert [choice.row for choice in cell] == ["K1", "K2", "K3"]
    assert cell[0] == Choice(
        row="K1",
        guards=(("enough", True), ("lid_open", False)),
        actions=("close_lid", "switch_on", "note"),
        target="HOT.warming",
        arm=("too_long", "look"),
        cancel=(),
    )


def test_a_timer_both_states_have_is_armed_anew_and_others_are_cancelled() -> None:
    choice = compile_chart(SAMPLE)["HOT.warming"]["Measured"][0]
    assert (choice.target, choice.arm, choice.cancel) == ("HOT.boiling", ("too_long",), ("look",))


def test_a_lasting_timer_both_states_have_keeps_running() -> None:
    patient = msgspec.structs.replace(SAMPLE, lasting=("too_long",))
    choice = compile_chart(patient)["HOT.warming"]["Measured"][0]
    assert (choice.target, choice.arm, choice.cancel) == ("HOT.boiling", (), ("look",))


def test_a_lasting_timer_that_is_no_trigger_is_refused() -> None:
    with pytest.raises(ChartError, match="lasting timer 'nap'"):
        compile_chart(msgspec.structs.replace(SAMPLE, lasting=("nap",)))


def test_entering_again_arms_all_timers_anew() -> None:
    choice = compile_chart(SAMPLE)["HOT.warming"]["timer:look"][0]
    assert (choice.target, choice.arm, choice.cancel) == ("HOT.warming", ("too_long", "look"), ())


def test_entering_again_arms_lasting_timers_anew_too() -> None:
    patient = msgspec.structs.replace(SAMPLE, lasting=("too_long",))
    assert compile_chart(patient)["HOT.warming"]["timer:look"][0].arm == ("too_long", "look")


def test_a_row_stands_before_a_reason_to_ignore() -> None:
    table = compile_chart(SAMPLE)
    assert [choice.row for choice in table["HOT.warming"]["timer:look"]] == ["K8"]
    assert [choice.row for choice in table["HOT.boiling"]["timer:look"]] == ["ignore:HOT.boiling:timer:look"]


def test_a_cell_without_a_fitting_row_is_a_programming_error() -> None:
    table = planted("COLD", "Filled", lambda cell: cell[:1])
    with pytest.raises(AssertionError, match="COLD x Filled"):
        decide(table, "COLD", "Filled", lambda _: False)


# Malformed charts are refused, and the text names the chart and the place.


def without_row(row_id: str) -> Chart:
    return changed(rows=tuple(row for row in SAMPLE.rows if row.id != row_id))


MALFORMED: dict[str, tuple[Chart, str]] = {
    "not total": (without_row("K6"), "HOT.warming x Unplugged is neither handled nor ignored"),
    "guard on the last row": (without_row("K3"), "COLD x Filled"),
    "shadowed by a row without a guard": (with_row("K1", when=()), "row K2 of COLD x Filled is never reached"),
    "shadowed by fewer guards": (with_row("K1", when=("enough",)), "row K2 of COLD x Filled is never reached"),
    "orphan state": (
        changed(
            states=(*SAMPLE.states, State(name="LOST", doc="Nowhere.")),
            ignored=(*SAMPLE.ignored, Ignored(source=("LOST",), on=SAMPLE.triggers, why="nobody comes")),
        ),
        "no row leads to LOST",
    ),
    "orphan loop": (
        changed(
            states=(*SAMPLE.states, State(name="LOST", doc="Nowhere.")),
            rows=(*SAMPLE.rows, Row(id="K9", source=("LOST",), on="Filled", to="LOST")),
            ignored=(*SAMPLE.ignored, Ignored(source=("LOST",), on=SAMPLE.triggers, why="nobody comes")),
        ),
        "no row leads to LOST",
    ),
    "unknown source": (with_row("K5", source=("TEPID",)), "no state matches 'TEPID'"),
    "unknown group": (with_row("K5", source=("TEPID.*",)), "no state matches 'TEPID.*'"),
    "unknown ignored state": (
        changed(ignored=(*SAMPLE.ignored, Ignored(source=("TEPID",), on=("Filled",), why=""))),
        "no state matches 'TEPID'",
    ),
    "unknown initial state": (changed(initial="TEPID"), "initial state 'TEPID' is no state"),
    "row id twice": (with_row("K2", id="K1"), "row id 'K1' stands twice"),
    "state twice": (changed(states=(*SAMPLE.states, SAMPLE.states[0])), "state 'COLD' stands twice"),
    "trigger twice": (changed(triggers=(*SAMPLE.triggers, "Filled")), "trigger 'Filled' stands twice"),
    "unknown trigger": (with_row("K5", on="Mesured"), "row K5 reacts to a trigger the chart does not list"),
    "ignored trigger unknown": (
        changed(ignored=(*SAMPLE.ignored, Ignored(source=("COLD",), on=("Dropped",), why=""))),
        "'Dropped' is ignored but not among the triggers",
    ),
    "unknown final state": (changed(final=("TEPID",)), "final state 'TEPID' is no state"),
    "timer without a trigger": (with_state("COLD", timers=("dust",)), "timer dust of COLD"),
    "stays on its own timer": (with_row("K8", to=None), "HOT.warming x timer:look stays inside"),
    "ignores its own timer": (without_row("K8"), "HOT.warming x timer:look stays inside"),
    "leg without a timer": (with_state("HOT.boiling", timers=()), "HOT.boiling may hold a leg but has no timer"),
}


@pytest.mark.parametrize(("chart", "place"), MALFORMED.values(), ids=MALFORMED.keys())
def test_a_malformed_chart_is_refused(chart: Chart, place: str) -> None:
    with pytest.raises(ChartError, match=f"chart kettle: .*{re.escape(place)}"):
        compile_chart(chart)


def test_an_unknown_target_is_refused() -> None:
    with pytest.raises(ChartError, match=r"row K4: target 'TEPID' is no state"):
        compile_chart(with_row("K4", to="TEPID"))


VOCABULARY = (tuple(guard_names(SAMPLE)), tuple(action_names(SAMPLE)), ("coil_is_on",))


def test_a_vocabulary_that_fits_is_accepted() -> None:
    check_vocabulary(SAMPLE, *VOCABULARY)


@pytest.mark.parametrize(("kind", "at"), [("guard", 0), ("action", 1), ("invariant", 2)])
def test_a_name_without_a_function_is_refused(kind: str, at: int) -> None:
    shorter = [names[1:] if at == place else names for place, names in enumerate(VOCABULARY)]
    with pytest.raises(ChartError, match=f"chart kettle: {kind} '{VOCABULARY[at][0]}' is not written"):
        check_vocabulary(SAMPLE, *shorter)


@pytest.mark.parametrize(("kind", "at"), [("guard", 0), ("action", 1), ("invariant", 2)])
def test_a_function_no_row_uses_is_refused(kind: str, at: int) -> None:
    longer = [(*names, "idle_one") if at == place else names for place, names in enumerate(VOCABULARY)]
    with pytest.raises(ChartError, match=f"chart kettle: {kind} 'idle_one' of the role is used by no row"):
        check_vocabulary(SAMPLE, *longer)
