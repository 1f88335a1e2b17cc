from __future__ import annotations

import io
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from rich.console import Console

from actors.commands import RaiseAlarm
from engine.report import report_data, report_markdown, report_tables
from engine.view import PairView, Tally, build
from tests.engine.recorded import START_NS, hedged_run

DEPOSITS = dict.fromkeys(("hyperliquid", "pacifica"), Decimal(50_000))


def data(**changes: Any) -> dict[str, Any]:
    run = hedged_run()
    tally = Tally()
    for decision in run.decisions:
        tally.watch(decision)
    tally.alarm(RaiseAlarm(severity="critical", code="left_open", text="close BTC by hand"))
    seen = msgspec.structs.replace(build(run.core, tally), **changes)
    return report_data(
        seen, seed=7, mode="test", started_ns=START_NS, reason="done", notes=["one note"], deposits_usd=DEPOSITS
    )


def pair() -> PairView:
    run = hedged_run()
    return build(run.core, Tally()).pairs[0]


def test_the_report_is_plain_data_for_json() -> None:
    report = data()
    assert msgspec.json.decode(msgspec.json.encode(report)) == report
    assert report["started"] == "2023-11-14T22:13:20+00:00"
    assert (report["seed"], report["mode"], report["reason"], report["notes"]) == (7, "test", "done", ["one note"])


def test_what_the_books_do_not_explain_of_the_equity_is_said() -> None:
    equity = {"hyperliquid": Decimal(50_003), "pacifica": Decimal(49_998)}
    report = data(equity_usd=equity, pairs=(pair(),))
    assert report["equity_change_usd"] == 1.0
    assert report["unexplained_usd"] == pytest.approx(1.0 - float(pair().net_usd), abs=0.01)
    assert data(equity_usd={}, pairs=())["equity_change_usd"] == 0.0, "a venue never reached changes nothing"


def test_totals_are_the_sums_of_the_pairs() -> None:
    second = msgspec.structs.replace(pair(), pair="pair_position/BTC-2", naked_seconds=Decimal("2.5"))
    report = data(pairs=(pair(), second))
    assert report["totals"]["pairs"] == 2
    assert report["totals"]["fees_usd"] == 5.0
    assert report["totals"]["fees_by_venue"] == {"hyperliquid": 2.5, "pacifica": 2.5}
    assert report["totals"]["naked_seconds"] == float(pair().naked_seconds) + 2.5
    assert report["totals"]["orders"] == 4


def test_a_pair_that_never_traded_is_left_out() -> None:
    idle = msgspec.structs.replace(pair(), pair="pair_position/ETH-2", orders=0)
    assert [each["pair"] for each in data(pairs=(pair(), idle))["pairs"]] == ["pair_position/BTC-1"]


def test_money_is_rounded_to_cents_after_it_was_added() -> None:
    small = [msgspec.structs.replace(pair(), funding_usd=Decimal("0.004")) for _ in range(3)]
    report = data(pairs=tuple(small))
    assert [each["funding_usd"] for each in report["pairs"]] == [0.0, 0.0, 0.0]
    assert report["totals"]["funding_usd"] == 0.01


@pytest.mark.parametrize("empty", [False, True])
def test_both_forms_for_people_say_what_the_data_says(empty: bool) -> None:
    report = data(pairs=()) if empty else data()
    page = report_markdown(report)
    console = Console(width=130, file=io.StringIO())
    console.print(report_tables(report))
    assert isinstance(console.file, io.StringIO)
    screen = " ".join(console.file.getvalue().split())
    for told in ("close BTC by hand", "one note", f"{report['messages']} messages", "done"):
        assert told in page
        assert told in screen
    assert ("BTC-1" in page, "BTC-1" in screen) == (not empty, not empty)


def test_every_row_of_the_page_has_a_cell_for_every_column() -> None:
    rows = [line for line in report_markdown(data()).splitlines() if line.startswith("|")]
    assert len(rows) == 4
    assert len({row.count("|") for row in rows}) == 1
