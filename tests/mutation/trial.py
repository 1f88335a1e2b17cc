"""Lets the tests judge mutants in one process: a pytest plugin that, instead of running the tests once, plays mutants.

The tests are collected once, by pytest itself, and called as plain functions for each mutant until one fails: those
named after the row first, property tests last. Tests that need more of pytest than parameters are left out.
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

from statecharts.catalog import CATALOG
from statecharts.chart import Chart, ChartError
from tests.mutation import quickly
from tests.mutation.bounded import EXPLORED, Explored, explore
from tests.mutation.charts import Mutant, mutants
from tests.mutation.transplant import Shipped, Transplant

SECONDS_MOST = 60.0
"""A mutant that keeps one test busy for longer is caught."""


class Task(NamedTuple):
    """What one process tries: every `of`-th mutant of the chart so named, from `share` on, whose name contains one of
    the parts that `only` has between commas.

    `tests` are paths from the root. Unless it is to be `quick`, property tests judge too, and the exhaustive check is
    asked about what all tests let pass.
    """

    name: str
    tests: tuple[str, ...]
    root: Path
    share: int = 0
    of: int = 1
    only: str = ""
    quick: bool = False

    @property
    def chart(self) -> Chart:
        """The chart that this process's modules know, not a copy of it."""
        return CATALOG[self.name]

    def mutants(self) -> list[Mutant]:
        """The mutants to be tried."""
        share, parts = list(mutants(self.chart))[self.share :: self.of], self.only.split(",")
        return [mutant for mutant in share if any(part in mutant.name for part in parts)]


class Verdict(NamedTuple):
    """What became of a mutant; `caught_by` is empty when nothing caught it. `same`: it decides as what is shipped."""

    name: str
    caught_by: str
    same: bool = False
    note: str = ""

    @property
    def survived(self) -> bool:
        """Whether nothing noticed a difference."""
        return not self.caught_by and not self.same


class Case(NamedTuple):
    """One test with its parameters."""

    name: str
    call: Callable[..., Any]
    parameters: dict[str, Any]

    @property
    def drawn(self) -> bool:
        """A property test: it takes long."""
        return hasattr(self.call, "hypothesis")


_SOUND: dict[Task, Explored | None] = {}
"""Whole tasks whose tests pass without any mutant, with what the check finds then; seen once by each process."""


class TookTooLong(Exception):
    """A mutant kept a test busy."""


def try_all(task: Task) -> list[Verdict]:
    """A verdict on every mutant of the task. Raises RuntimeError when its tests fail without any mutant."""
    trial = Trial(task)
    settings = ["-c", str(task.root / "pyproject.toml"), "-q", "--assert=plain", "-p", "no:cacheprovider"]
    arguments = [*settings, *(str(task.root / test) for test in task.tests)]
    with contextlib.redirect_stdout(io.StringIO()) as said:
        code = pytest.main(arguments, plugins=[quickly, trial])
    if not trial.begun:
        raise RuntimeError(f"the tests of {task.name} could not be collected (exit {code})\n{said.getvalue()}")
    if trial.broken:
        raise RuntimeError(f"{trial.broken} fails without any mutant; see to it first")
    return trial.verdicts


class Trial:
    """The plugin: `verdicts` after the run; `broken` names a test that fails by itself."""

    def __init__(self, task: Task) -> None:
        self.task = task
        self.begun = False
        self.broken = ""
        self.verdicts: list[Verdict] = []

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Judge all mutants instead of running the tests."""
        cases = [case for item in session.items for case in _cases(item) if not (case.drawn and self.task.quick)]
        chart = self.task.chart
        shipped = Shipped(chart)
        self.begun = bool(cases) and bool(shipped.names)
        whole = self.task._replace(share=0, of=1, only="")
        if whole not in _SOUND:
            self.broken = _caught(Transplant(shipped, chart), cases)
            if self.broken:
                return True
            _SOUND[whole] = explore() if self.task.name in EXPLORED and not self.task.quick else None
        self.verdicts = [_judge(mutant, shipped, cases, _SOUND[whole]) for mutant in self.task.mutants()]
        return True


def _cases(item: pytest.Item) -> Iterator[Case]:
    if isinstance(item, pytest.Function) and not inspect.iscoroutinefunction(item.obj):
        parameters = dict(item.callspec.params) if hasattr(item, "callspec") else {}
        needed = [name for name in inspect.signature(item.obj).parameters if name not in parameters]
        if not needed or hasattr(item.obj, "hypothesis"):
            yield Case(item.nodeid, item.obj, parameters)


def _judge(mutant: Mutant, shipped: Shipped, cases: list[Case], reference: Explored | None) -> Verdict:
    try:
        transplant = Transplant(shipped, mutant.made)
    except ChartError as error:
        return Verdict(mutant.name, f"the chart's own check: {error}")
    if transplant.same:
        return Verdict(mutant.name, "", same=True)
    caught = _caught(transplant, _ordered(cases, mutant))
    if caught or reference is None:
        return Verdict(mutant.name, caught)
    with transplant.in_place():
        explored = explore()
    if explored.complaint:
        return Verdict(mutant.name, f"the exhaustive check: {explored.complaint}")
    return Verdict(mutant.name, "", note="" if explored == reference else f"worlds {explored.worlds}")


def _ordered(cases: list[Case], mutant: Mutant) -> list[Case]:
    """Tests named after the row or the state first, then the others, property tests last."""
    word = re.compile(rf"(?<![A-Za-z0-9]){re.escape(mutant.place)}(?![A-Za-z0-9])")
    return sorted(cases, key=lambda case: (case.drawn, not word.search(case.name)))


def _caught(transplant: Transplant, cases: list[Case]) -> str:
    """The first test that fails, or nothing."""
    with transplant.in_place():
        return next((case.name for case in cases if _fails(case, transplant)), "")


def _fails(case: Case, transplant: Transplant) -> bool:
    parameters = {name: transplant.instead_of(value) for name, value in case.parameters.items()}
    try:
        with contextlib.redirect_stdout(io.StringIO()), _limited(SECONDS_MOST):
            case.call(**parameters)
    except (Exception, BaseExceptionGroup, pytest.fail.Exception):  # noqa: BLE001 - however it fails, it has noticed
        return True
    return False


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
