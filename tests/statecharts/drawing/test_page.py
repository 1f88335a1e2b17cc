from __future__ import annotations

import pytest

from statecharts.catalog import CHARTS
from statecharts.chart import Chart
from statecharts.drawing.page import COLUMNS, Grid, sections, summary
from tests.statecharts.sample import SAMPLE, changed

COUNTS = {"K1": 3, "ignore:POURED:Filled": 2, "stale_timer": 9}


def grid(chart: Chart, title: str, counts: dict[str, int] | None = None) -> Grid:
    """The first grid of a section."""
    return next(section for section in sections(chart, counts) if section.title == title).grids[0]


def line(found: Grid, first: str) -> tuple[tuple[str, ...], ...]:
    """The grid's row that begins so."""
    return next(cells for cells in found.rows if cells[0] == (first,))


def test_the_matrix_shows_rows_in_order_and_ignored_cells() -> None:
    found = grid(SAMPLE, "Every state × every trigger")
    assert found.heads == ("", "COLD", "HOT.warming", "HOT.boiling", "POURED")
    assert line(found, "Filled") == (("Filled",), ("K1", "K2", "K3"), ("·",), ("·",), ("·",))
    assert line(found, "⏱ look") == (("⏱ look",), ("·",), ("K8",), ("·",), ("·",))


def test_counts_stand_in_the_matrix() -> None:
    found = grid(SAMPLE, "Every state × every trigger", COUNTS)
    assert line(found, "Filled") == (("Filled",), ("K1 ×3", "K2 ×0", "K3 ×0"), ("·",), ("·",), ("· ×2",))


@pytest.mark.parametrize("chart", CHARTS, ids=lambda chart: str(chart.name))
def test_every_state_stands_in_one_matrix_of_a_readable_width(chart: Chart) -> None:
    matrix = sections(chart)[0]
    heads = [head for found in matrix.grids for head in found.heads[1:]]
    assert heads == [state.name for state in chart.states]
    assert all(len(found.heads) - 1 <= COLUMNS for found in matrix.grids)
    assert all(len(found.rows) == len(chart.triggers) for found in matrix.grids)


def test_rows_carry_guards_actions_target_and_why() -> None:
    found = grid(SAMPLE, "Rows")
    assert line(found, "K2") == (
        ("K2",), ("COLD",), ("Filled",), ("enough",), ("ask_for_lid",), ("stays",), ("nobody likes steam",)
    )  # fmt: skip


def test_rows_never_taken_are_marked() -> None:
    found = grid(SAMPLE, "Rows", COUNTS)
    assert line(found, "K1")[-1] == ("×3",)
    assert line(found, "K2")[-1] == ("never taken",)
    text = sections(SAMPLE, COUNTS)[1].text
    assert text.endswith("Taken: 1 of 8; never: K2, K3, K4, K5, K6, K7, K8.")


def test_a_reason_covers_only_the_cells_no_row_handles() -> None:
    found = grid(SAMPLE, "Ignored, and why")
    assert found.rows == (
        (("HOT.*, POURED",), ("Filled",), ("already | full",)),
        (("COLD, HOT.boiling, POURED",), ("⏱ look",), ("already | full",)),
        (("COLD, POURED",), ("Measured, Unplugged, ⏱ too_long",), ("nothing is hot",)),
    )


def test_a_cell_is_explained_by_its_first_reason_alone() -> None:
    twice = changed(ignored=(*SAMPLE.ignored, SAMPLE.ignored[1]))
    assert grid(twice, "Ignored, and why").rows == grid(SAMPLE, "Ignored, and why").rows


def test_ignored_messages_are_counted() -> None:
    assert grid(SAMPLE, "Ignored, and why", COUNTS).rows[0][-1] == ("×2",)


def test_states_carry_timers_and_invariants() -> None:
    assert line(grid(SAMPLE, "States"), "HOT.warming") == (
        ("HOT.warming",),
        ("The coil is on. It hums.",),
        ("⏱ too_long, ⏱ look",),
        ("switch_on, note",),
        ("coil_is_on",),
        ("may be open",),
    )


def test_the_summary_counts_the_cells() -> None:
    assert summary(SAMPLE) == (
        "4 states × 5 triggers = 20 cells: 8 handled by 8 rows, 12 ignored with a reason. "
        "Starts in COLD. Ends in POURED."
    )
    assert summary(changed(final=())).endswith("Ends in nowhere: it lives as long as the run.")
