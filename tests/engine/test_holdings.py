from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from actors.pair_position import books
from engine.audit import explain
from engine.holdings import holdings
from tests.engine.recorded import PAIR, SmallRun, hedged_run, record


@pytest.fixture
def run(tmp_path: Path) -> SmallRun:
    run = hedged_run(2)
    record(tmp_path, run.decisions)
    return run


def test_each_leg_is_told_with_venue_side_size_and_the_order_that_closes_it(run: SmallRun, tmp_path: Path) -> None:
    told = list(holdings(tmp_path, PAIR))
    assert told[:2] == [
        "  hyperliquid: short 0.5 BTC; to close it by hand: buy 0.5, reduce-only",
        "  pacifica: long 0.5 BTC; to close it by hand: sell 0.5, reduce-only",
    ]
    assert told[2] == "  first to close: pacifica, as configured"
    assert told[3].startswith("  being flat then would have cost ")
    assert "fees" in told[3]
    assert len(told) == 4
    assert explain(tmp_path, "BTC-1").endswith("\n".join(["", "Legs at the end", *told, ""]))


def test_a_pair_that_holds_nothing_is_flat(tmp_path: Path) -> None:
    run = SmallRun()
    run.open_venues()
    record(tmp_path, run.decisions)
    assert list(holdings(tmp_path, PAIR)) == ["  hyperliquid: flat", "  pacifica: flat"]


@pytest.mark.parametrize("actor", ["risk", "venue_link/pacifica", "pair_position/ETH-9", "5a5a"])
def test_what_is_no_pair_has_no_legs(actor: str, run: SmallRun, tmp_path: Path) -> None:
    assert list(holdings(tmp_path, actor)) == []
    if actor == "risk":
        assert "Legs at the end" not in explain(tmp_path, actor)


def test_books_that_today_s_code_counts_otherwise_say_so(
    run: SmallRun, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(books, "_measure_naked", lambda state, _: msgspec.structs.replace(state, naked_ns=1))
    first, *legs = holdings(tmp_path, PAIR)
    assert "counts otherwise than the run did" in first
    assert len(legs) == 4
