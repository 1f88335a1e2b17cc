from __future__ import annotations

import msgspec
import pytest

from actors import engine_lifecycle, roles
from actors.pair_position import books
from statecharts import engine_lifecycle as lifecycle_chart, order
from statecharts.catalog import CATALOG
from statecharts.chart import Chart, ChartError, Row
from statecharts.interpreter import compile_chart
from tests.mutation.charts import mutants
from tests.mutation.transplant import Shipped, Transplant

ALARM_DROPPED = "action alarm_fault dropped"


def mutant(chart: Chart, row: str, change: str) -> Chart:
    return next(each.made for each in mutants(chart) if (each.place, each.change) == (row, change))


def test_while_a_mutant_is_in_place_every_module_sees_it_and_afterwards_none_does() -> None:
    shipped = engine_lifecycle.ROLE
    chart = mutant(lifecycle_chart.CHART, "L17", "target = changed to None")
    with Transplant(Shipped(lifecycle_chart.CHART), chart).in_place():
        assert lifecycle_chart.CHART is CATALOG_THEN() is chart
        assert engine_lifecycle.ROLE.chart is roles.ROLES["engine_lifecycle"].chart is chart
    assert engine_lifecycle.ROLE is roles.ROLES["engine_lifecycle"] is shipped
    assert CATALOG["engine_lifecycle"] is lifecycle_chart.CHART is not chart


def CATALOG_THEN() -> Chart:  # noqa: N802 - what the name is bound to at that moment
    from statecharts import catalog

    return catalog.CATALOG["engine_lifecycle"]


def test_a_table_that_is_compiled_elsewhere_is_replaced_too() -> None:
    before = books.ORDER_TABLE
    chart = mutant(order.CHART, "O1", "target OPEN changed to None")
    with Transplant(Shipped(order.CHART), chart).in_place():
        assert compile_chart(chart) == books.ORDER_TABLE != before
    assert books.ORDER_TABLE is before


def test_states_and_rows_that_tests_have_as_parameters_are_the_mutants_own() -> None:
    chart = lifecycle_chart.CHART
    state = chart.state("RUNNING")
    made = msgspec.structs.replace(
        chart, states=tuple(msgspec.structs.replace(each, doc="other") for each in chart.states)
    )
    transplant = Transplant(Shipped(chart), made)
    assert transplant.instead_of(state) is made.state("RUNNING")
    assert transplant.instead_of((state, 1)) == (made.state("RUNNING"), 1)
    assert transplant.instead_of("RUNNING") == "RUNNING"


def test_a_mutant_that_is_no_chart_is_refused() -> None:
    rows = tuple(row for row in order.CHART.rows if row.id != "O1")
    with pytest.raises(ChartError):
        Transplant(Shipped(order.CHART), msgspec.structs.replace(order.CHART, rows=rows))


def test_what_decides_alike_in_every_case_is_no_mutant() -> None:
    shipped = Shipped(order.CHART)
    assert Transplant(shipped, order.CHART).same
    assert Transplant(shipped, _with(order.CHART.rows[0], to="=")).same is False
    named = msgspec.structs.replace(order.CHART, rows=(*order.CHART.rows[1:], order.CHART.rows[0]))
    assert Transplant(shipped, named).same


def _with(row: Row, *, to: str) -> Chart:
    rows = tuple(msgspec.structs.replace(each, to=to) if each is row else each for each in order.CHART.rows)
    return msgspec.structs.replace(order.CHART, rows=rows)
