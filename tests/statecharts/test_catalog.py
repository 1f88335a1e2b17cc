from __future__ import annotations

import ast
from pathlib import Path

import pytest

import statecharts
from statecharts.catalog import CATALOG, CHARTS, pages, write_all
from statecharts.chart import Chart
from statecharts.drawing.mermaid import mermaid
from statecharts.render import RENDER_COMMAND

ROOM = Path(statecharts.__file__).parent
RENDERED = ROOM / "rendered"
every_chart = pytest.mark.parametrize("chart", CHARTS, ids=lambda chart: str(chart.name))


def chart_modules(room: Path) -> list[str]:
    """Modules and packages that define `CHART`, by reading them."""
    found = []
    for path in sorted([*room.glob("*.py"), *room.glob("*/__init__.py")]):
        bodies = ast.parse(path.read_text(encoding="utf-8")).body
        targets = [target for node in bodies if isinstance(node, ast.Assign) for target in node.targets]
        targets += [node.target for node in bodies if isinstance(node, ast.AnnAssign)]
        if any(isinstance(target, ast.Name) and target.id == "CHART" for target in targets):
            found.append(path.parent.name if path.stem == "__init__" else path.stem)
    return sorted(found)


def stale(directory: Path) -> list[str]:
    """What is wrong with the committed pages, and the remedy."""
    wanted = pages(directory)
    found = [
        f"{path.name} is stale or missing; run: {RENDER_COMMAND}"
        for path, text in wanted
        if not path.exists() or path.read_text(encoding="utf-8") != text
    ]
    known = [path for path, _ in wanted]
    others = [path for path in sorted(directory.glob("*")) if path not in known]
    return found + [f"{path.name} is the page of no chart; remove it" for path in others]


def test_every_chart_module_is_in_the_catalog_under_its_own_name() -> None:
    assert sorted(CATALOG) == chart_modules(ROOM)
    assert len(CATALOG) == len(CHARTS)


def test_a_module_with_a_chart_is_noticed(tmp_path: Path) -> None:
    (tmp_path / "plain.py").write_text("CHART = 1\n")
    (tmp_path / "typed.py").write_text("CHART: int = 1\n")
    (tmp_path / "other.py").write_text("CHARTS = 1\n")
    (tmp_path / "large").mkdir()
    (tmp_path / "large" / "__init__.py").write_text("CHART = 1\n")
    assert chart_modules(tmp_path) == ["large", "plain", "typed"]


def test_the_committed_pages_are_today_s() -> None:
    assert stale(RENDERED) == []


def test_writing_returns_what_changed_and_nothing_the_second_time(tmp_path: Path) -> None:
    directory = tmp_path / "rendered"
    assert write_all(directory) == [directory / f"{name}.md" for name in CATALOG]
    assert write_all(directory) == []
    assert stale(directory) == []


def test_a_stale_page_and_a_page_of_no_chart_are_noticed(tmp_path: Path) -> None:
    write_all(tmp_path)
    (tmp_path / "order.md").write_text("old\n")
    (tmp_path / "teapot.md").write_text("whose?\n")
    assert stale(tmp_path) == [
        f"order.md is stale or missing; run: {RENDER_COMMAND}",
        "teapot.md is the page of no chart; remove it",
    ]
    assert write_all(tmp_path) == [tmp_path / "order.md"]


@every_chart
def test_the_picture_stays_within_what_common_viewers_draw(chart: Chart) -> None:
    """Mermaid's defaults, which a page cannot change: at most 50,000 characters and 500 arrows."""
    picture = mermaid(chart)
    assert len(picture) < 50_000
    assert picture.count(" --> ") < 500


@every_chart
def test_every_ignored_reason_covers_a_cell(chart: Chart) -> None:
    """A trigger the chart does not list, in a reason, is a slip of the pen."""
    assert [on for ignored in chart.ignored for on in ignored.on if on not in chart.triggers] == []


@every_chart
def test_names_of_final_states_are_states(chart: Chart) -> None:
    names = [state.name for state in chart.states]
    assert [name for name in chart.final if name not in names] == []
