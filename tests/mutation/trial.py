"""Lets the tests judge mutants in one process: a pytest plugin that, instead of running the tests once, plays mutants.

The tests are collected once, by pytest itself, and called as plain functions for each mutant until one fails: those
named after the row first, property tests last. Tests that need more of pytest than parameters are left out and counted.
Counterparts: `charts`, `transplant`, and `bounded` for what is left.
"""

from __future__ import annotations

import contextlib
import inspect
import io
import re
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType
from typing import Any, NamedTuple

import pytest

from statecharts.chart import Chart, ChartError
from tests.mutation import quickly
from tests.mutation.charts import Mutant, mutants
from tests.mutation.transplant import Shipped, Transplant

SECONDS_MOST = 30.0
"""A mutant that keeps one test busy for longer is caught."""
ROW = re.compile(r"[A-Z]+\d+")


class Verdict(NamedTuple):
    """What became of a mutant; `caught_by` is empty when nothing caught it."""

    mutant: Mutant
    caught_by: str
    same: bool = False


class Case(NamedTuple):
    """One test with its parameters."""

    name: str
    call: Callable[..., Any]
    parameters: dict[str, Any]

    @property
    def drawn(self) -> bool:
        """A property test: it takes long."""
        return hasattr(self.call, "hypothesis")


class TookTooLong(Exception):  # noqa: N818 - named for what happened
    """A mutant kept a test busy."""


Show = Callable[[Verdict], None]


def try_chart(chart: Chart, tests: tuple[str, ...], root: Path, show: Show, only: str = "") -> list[Verdict]:
    """A verdict on every mutant of the chart whose name contains `only`. Raises RuntimeError when the tests cannot
    be collected, or fail without any mutant."""
    trial = Trial(chart, show, only)
    with contextlib.redirect_stdout(io.StringIO()) as said:
        arguments = ["-q", "--assert=plain", "-p", "no:cacheprovider", *(str(root / test) for test in tests)]
        code = pytest.main(arguments, plugins=[quickly, trial])
    if not trial.begun:
        raise RuntimeError(f"the tests of {chart.name} could not be collected (exit {code})\n{said.getvalue()}")
    if trial.broken:
        raise RuntimeError(f"{trial.broken} fails without any mutant; see to it first")
    return trial.verdicts


class Trial:
    """The plugin: `verdicts` after the run; `broken` names a test that fails by itself."""

    def __init__(self, chart: Chart, show: Show, only: str) -> None:
        self.chart = chart
        self.only = only
        self.show = show
        self.begun = False
        self.broken = ""
        self.left_out = 0
        self.verdicts: list[Verdict] = []

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Judge all mutants instead of running the tests."""
        cases = [case for item in session.items for case in self._cases(item)]
        self.begun = bool(cases)
        shipped = Shipped(self.chart)
        self.broken = _caught(Transplant(shipped, self.chart), cases)
        if not self.broken:
            for mutant in mutants(self.chart):
                if self.only in mutant.name:
                    self._judge(mutant, shipped, cases)
        return True

    def _cases(self, item: pytest.Item) -> Iterator[Case]:
        assert isinstance(item, pytest.Function)
        parameters = item.callspec.params if hasattr(item, "callspec") else {}
        needed = [name for name in inspect.signature(item.obj).parameters if name not in parameters]
        drawn = hasattr(item.obj, "hypothesis")
        if (needed and not drawn) or inspect.iscoroutinefunction(item.obj):
            self.left_out += 1
            return
        yield Case(item.nodeid, item.obj, parameters)

    def _judge(self, mutant: Mutant, shipped: Shipped, cases: list[Case]) -> None:
        try:
            transplant = Transplant(shipped, mutant.made)
        except ChartError as error:
            verdict = Verdict(mutant, f"the chart's own check: {error}")
        else:
            if transplant.same:
                verdict = Verdict(mutant, "", same=True)
            else:
                verdict = Verdict(mutant, _caught(transplant, _ordered(cases, mutant)))
        self.verdicts.append(verdict)
        self.show(verdict)


def _ordered(cases: list[Case], mutant: Mutant) -> list[Case]:
    """Tests named after the row or the state first, then the others, property tests last."""
    words = re.compile(rf"(?<![A-Za-z0-9]){re.escape(mutant.place)}(?![A-Za-z0-9])")
    return sorted(cases, key=lambda case: (case.drawn, not words.search(case.name)))


def _caught(transplant: Transplant, cases: list[Case]) -> str:
    """The first test that fails, or nothing."""
    with transplant.in_place():
        for case in cases:
            parameters = {name: transplant.instead_of(value) for name, value in case.parameters.items()}
            try:
                with contextlib.redirect_stdout(io.StringIO()), _limited(SECONDS_MOST):
                    case.call(**parameters)
            except Exception:  # noqa: BLE001 - however a test fails, it has caught the mutant
                return case.name
            except BaseExceptionGroup:
                return case.name
    return ""


@contextlib.contextmanager
def _limited(seconds: float) -> Iterator[None]:
    def late(_: int, __: FrameType | None) -> None:
        raise TookTooLong

    before = signal.signal(signal.SIGALRM, late)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
