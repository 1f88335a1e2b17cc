"""The page of comparisons: every set beside the simple rules, and nothing of what is held out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from engine.backtest import tuning
from engine.backtest.request import asked_of
from engine.backtest.tuning import COLUMNS, COMPARED_UNTIL, GRIDS, LATER, WALK, Stretch, compared, side_by_side
from engine.errors import UserError
from tests.engine.backtest.histories import write

ALL = (WALK, *LATER)


@pytest.mark.parametrize("stretch", ALL, ids=lambda each: f"{each.venues} {each.first}")
def test_no_set_is_compared_on_what_is_held_out(stretch: Stretch) -> None:
    """Asking for it would be refused."""
    asked = asked_of(
        data=(),
        first=stretch.first,
        last=stretch.last,
        venues=stretch.venues,
        stand_ins=stretch.stand_ins,
        assets=stretch.assets,
        grid=GRIDS / stretch.grid,
        walk_forward=stretch.windows,
    )
    assert asked.held_out_used == ()
    assert 2 <= len(asked.sets) <= 12
    assert asked.sets[0].changes == {}, "the profile as it stands is the first"


def test_what_is_held_out_is_refused(tmp_path: Path) -> None:
    data = write(tmp_path / "data")
    with pytest.raises(UserError, match="held out"):
        compared((data,), WALK, (replace(LATER[0], first="2026-01-01", last="2026-02-01"),), tmp_path / "out")


def test_the_walk_ends_where_the_results_say_it_does() -> None:
    assert WALK.last == COMPARED_UNTIL
    assert WALK.windows


def report(**run: Any) -> dict[str, Any]:
    rules = {"static": {"net": 5.0}, "naive": {"net": -1234.5}}
    told = {"name": "week", "net": 1000.5, "apr_percent": 1.25, "trades": 3}
    days = {"from": "2023-11-02T00:00Z", "to": "2024-01-01T00:00Z"}
    return {"players": ["a", "b"], "assets": ["BTC"], "rules": [rules], "runs": [{**told, **run}], **days}


def test_each_set_has_a_row_with_the_rules_beside_it() -> None:
    (row,) = side_by_side(report())
    assert row == ("a and b, BTC, 2023-11-02 to 2024-01-01", "week", "1,000.50", "1.25", "3", "5.00", "-1,234.50")
    assert len(row) == len(COLUMNS)
    (failed,) = side_by_side(report(failed="no room"))
    assert failed[2:5] == ("failed", "-", "-")


def test_the_page_has_the_comparison_first_and_every_report_under_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tuning, "GRIDS", tmp_path)
    (tmp_path / "g.toml").write_text(
        '[[sets]]\nname = "as it is"\n\n[[sets]]\nname = "never"\n"scanner.net_least_bps" = "9999"\n'
    )
    stretch = Stretch(
        first="2025-10-01",
        last="2025-10-02",
        venues="hyperliquid,binance",
        stand_ins="binance=pacifica",
        assets="BTC",
        grid="g.toml",
    )
    data = write(tmp_path / "data")
    page = compared((data,), replace(stretch, last="2025-10-03", windows="1:1"), (stretch,), tmp_path / "out")
    assert page.count("\n## ") == 2, "one heading a report"
    first, second = page.index("--walk-forward 1:1"), page.index("2 sets were compared on the very hours")
    assert page.index("| never | 0.00 |") < first < second
