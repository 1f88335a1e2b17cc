"""One thing has one name in every room: venue, chart, role, test and page."""

from __future__ import annotations

from fnmatch import fnmatch
from pathlib import Path

import pytest

from tests.architecture.tree import ROOT, SDKS, Source, sources

TREE = sources()
ROOMS = ("wire", "codec", "signing", "adapter")
NOT_VENUES = ("network",)
"""Packages beside the venues' own: what serves all of them."""

CHARTS_WITHOUT_ROLE = {
    "order": "stepped by the pair position, once for each of its orders",
}
NOT_CHARTS = ("chart", "interpreter", "catalog", "render", "drawing")

UNTESTED = {
    "*/__init__.py": "a package's door, tested as test_<package>.py where it holds more than names",
    "statecharts/engine_lifecycle.py": "a chart is data; tests/statecharts/test_interpreter.py walks all of it",
    "statecharts/funding_scanner.py": "a chart is data; tests/statecharts/test_interpreter.py walks all of it",
    "statecharts/order.py": "a chart is data; tests/statecharts/test_interpreter.py walks all of it",
    "statecharts/pair_position/*.py": "a chart is data; tests/statecharts/test_interpreter.py walks all of it",
    "statecharts/pnl_settlement.py": "a chart is data; tests/statecharts/test_interpreter.py walks all of it",
    "statecharts/reconciler.py": "a chart is data; tests/statecharts/test_interpreter.py walks all of it",
    "statecharts/risk.py": "a chart is data; tests/statecharts/test_interpreter.py walks all of it",
    "statecharts/venue_link.py": "a chart is data; tests/statecharts/test_interpreter.py walks all of it",
    "actors/messages.py": "data without logic; every actor's test speaks it",
    "actors/commands.py": "data without logic; every actor's test speaks it",
    "engine/errors.py": "one class without logic",
    "engine/simulators/face.py": "a protocol; both faces' tests speak it",
    "engine/venues/adapter.py": "a protocol; both adapters' tests speak it",
    "engine/venues/transport.py": "a protocol; the in-memory transport's tests speak it",
    "engine/venues/*/wire*.py": "data without logic; the codec's recorded payloads are its test",
}
"""Paths without a test of their own, and what proves them instead."""


def rooms_missing(tree: list[Source], venues: list[str]) -> list[str]:
    """Every venue package has the same four rooms, as modules or packages."""
    names = [source.name for source in tree]
    return [
        f"engine/venues/{venue} has no room {room}"
        for venue in venues
        for room in ROOMS
        if f"engine.venues.{venue}.{room}" not in names
    ]


def venue_packages(tree: list[Source]) -> list[str]:
    """Packages right below engine.venues."""
    packages = [source for source in tree if source.package and len(source.parts) == 3]
    names = [source.parts[2] for source in packages if source.parts[:2] == ["engine", "venues"]]
    return [name for name in names if name not in NOT_VENUES]


def charts_without_role(tree: list[Source]) -> list[str]:
    """A chart is run by the role of its name."""
    names = [source.name for source in tree]
    return [
        f"{source.path}: no role actors.{chart}, and no reason why"
        for source in tree
        for chart in [_chart(source)]
        if chart and f"actors.{chart}" not in names and chart not in CHARTS_WITHOUT_ROLE
    ]


def roles_without_reason(tree: list[Source]) -> list[str]:
    """A reason is kept only while it is needed."""
    names = [source.name for source in tree]
    return [
        f"{chart} is listed as a chart without a role, but is no such chart"
        for chart in CHARTS_WITHOUT_ROLE
        if f"statecharts.{chart}" not in names or f"actors.{chart}" in names
    ]


def _chart(source: Source) -> str:
    own = source.parts[0] == "statecharts" and len(source.parts) == 2
    return source.parts[1] if own and source.parts[1] not in NOT_CHARTS else ""


def untested(tree: list[Source], tests: list[str]) -> list[str]:
    """Every module has its test at the same path, or stands in a package tested through its door, or has a reason."""
    return [
        f"{source.path} has no {_test_paths(source)[0]} and no reason"
        for source in tree
        if not any(path in tests for path in _test_paths(source))
        and not any(fnmatch(source.path, pattern) for pattern in UNTESTED)
    ]


def _test_paths(source: Source) -> list[str]:
    """Where a module's test may stand: at its path, or beside its package as `test_<package>[_<module>].py`."""
    *folders, name = source.parts
    own = "/".join(["tests", *folders, f"test_{name}.py"])
    if len(folders) < 2:
        return [own]
    door = "/".join(["tests", *folders[:-1], f"test_{folders[-1]}"])
    return [own, f"{door}.py", f"{door}_{name}.py"]


def reasons_for_nothing(tree: list[Source]) -> list[str]:
    """An exemption that fits no module is left over."""
    return [
        f"{pattern} is exempt from having a test, but no module fits it"
        for pattern in UNTESTED
        if not any(fnmatch(source.path, pattern) for source in tree)
    ]


def written_tests(root: Path = ROOT) -> list[str]:
    """All test files, by path from the root."""
    return [path.relative_to(root).as_posix() for path in sorted((root / "tests").rglob("test_*.py"))]


def test_every_venue_has_the_same_rooms() -> None:
    assert rooms_missing(TREE, venue_packages(TREE)) == []
    assert [venue for venue in venue_packages(TREE) if venue not in SDKS] == []


def test_every_chart_has_its_role_or_a_reason() -> None:
    assert charts_without_role(TREE) == []
    assert roles_without_reason(TREE) == []


def test_every_module_has_its_test_or_a_reason() -> None:
    assert untested(TREE, written_tests()) == []
    assert reasons_for_nothing(TREE) == []


# Every rule can fail.


def test_a_missing_room_is_noticed() -> None:
    tree = [Source(f"engine.venues.drift.{room}", "") for room in ROOMS if room != "codec"]
    assert rooms_missing(tree, ["drift"]) == ["engine/venues/drift has no room codec"]


def test_venues_are_the_packages_of_the_room() -> None:
    tree = [
        Source("engine.venues", "", package=True),
        Source("engine.venues.drift", "", package=True),
        Source("engine.venues.drift.codec", "", package=True),
        Source("engine.venues.adapter", ""),
        Source("engine.journal.reader", "", package=True),
    ]
    assert venue_packages(tree) == ["drift"]


def test_a_chart_without_a_role_is_noticed() -> None:
    tree = [Source("statecharts.teapot", ""), Source("statecharts.order", ""), Source("statecharts.chart", "")]
    assert charts_without_role(tree) == ["statecharts/teapot.py: no role actors.teapot, and no reason why"]
    assert roles_without_reason(tree) == []
    assert roles_without_reason([])
    assert roles_without_reason([*tree, Source("actors.order", "")])


@pytest.mark.parametrize(
    ("name", "tests", "held"),
    [
        ("engine.clock", [], False),
        ("engine.clock", ["tests/engine/test_clock.py"], True),
        ("engine.clock", ["tests/test_clock.py"], False),
        ("actors.risk.adl", ["tests/actors/risk/test_adl.py"], True),
        ("actors.risk.adl", ["tests/actors/test_risk.py"], True),
        ("actors.risk.adl", ["tests/actors/test_risk_adl.py"], True),
        ("actors.risk.adl", ["tests/actors/test_risk_limits.py"], False),
        ("engine.venues.drift.wire", [], True),
    ],
)
def test_a_module_without_a_test_is_noticed(name: str, tests: list[str], held: bool) -> None:
    assert (untested([Source(name, "")], tests) == []) is held


def test_a_reason_for_nothing_is_noticed() -> None:
    assert len(reasons_for_nothing([])) == len(UNTESTED)
