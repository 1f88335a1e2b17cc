from __future__ import annotations

from decimal import Decimal
from typing import Any

from rich.console import Console

from engine.ledger.entry import Entry, Kind
from engine.ledger.figures import forecast_data, ledger_data
from engine.ledger.totals import EARNING, Totals
from engine.ledger.words import causes, cut_table, forecast_lines, forecast_markdown, ledger_markdown
from tests.engine.ledger.runs import EXPECTATION, hedged
from tests.engine.ledger.test_explained import closed
from tests.engine.recorded import PAIR, TAKER

D = Decimal


def data() -> dict[str, Any]:
    run = hedged()
    run.paid("2.5")
    return ledger_data(Totals(run.entries))


def forecasts(*, recorded: bool = True) -> list[dict[str, Any]]:
    run = hedged(EXPECTATION if recorded else None)
    run.ledger.shadow.pairs[PAIR] = closed(run)
    return forecast_data(run.ledger)


def drawn(table: object) -> str:
    console = Console(width=140)
    with console.capture() as capture:
        console.print(table)
    return capture.get()


def test_a_cut_is_a_table_with_the_whole_at_its_foot() -> None:
    text = drawn(cut_table(data(), "venue"))
    assert [line.split()[0] for line in text.splitlines() if line[:3].strip() or line[2:3].strip()][:1] == ["venue"]
    hyperliquid, pacifica, whole = (
        next(line for line in text.splitlines() if line.split()[:1] == [name])
        for name in ("hyperliquid", "pacifica", "all")
    )
    assert hyperliquid.split()[1:3] == ["2.50", "-1.00"]
    assert pacifica.split()[1:3] == ["0.00", "-0.40"]
    assert whole.split()[1:3] == ["2.50", "-1.40"]


def test_a_column_without_a_figure_is_left_out_so_that_a_table_fits_a_page() -> None:
    text = drawn(cut_table(data(), "venue"))
    head = next(line for line in text.splitlines() if line.split()[:1] == ["venue"])
    assert head.split() == ["venue", "funding", "fees", "basis", "slippage", "net"]
    booked = [
        Entry(at_ns=1, seq=1, pair="", venue=TAKER, asset="BTC", kind=kind, amount_usd=D(-1234567)) for kind in EARNING
    ]
    every = drawn(cut_table(ledger_data(Totals(booked)), "pair"))
    assert "haircut" in every
    assert "gas" in every


def test_gas_and_money_of_nobody_are_said_where_they_stand() -> None:
    entry = Entry(at_ns=1, seq=1, pair="", venue=TAKER, asset="BTC", kind=Kind.GAS, amount_usd=D("-0.05"))
    text = " ".join(drawn(cut_table(ledger_data(Totals([entry])), "pair")).split())
    assert "Gas is assumed" in text
    assert "(no pair): money of positions that no pair of this run holds" in text
    assert "Gas" not in drawn(cut_table(data(), "pair"))


def test_the_markdown_has_venues_days_and_the_whole() -> None:
    lines = ledger_markdown(data())
    assert lines[0] == "## Ledger"
    assert [line.split(" | ")[0] for line in lines[4:8]] == ["| hyperliquid", "| pacifica", "| 2023-11-14", "| all"]
    assert ledger_markdown({}) == []


def test_a_closed_pair_is_a_line_with_its_causes() -> None:
    (line,) = forecast_lines(forecasts())
    assert line.startswith("BTC-1: expected 23.25, realised ")
    assert "held shorter or longer -15.00" in line
    assert "slippage at exit +1.00" in line


def test_a_pair_without_a_recorded_expectation_says_so() -> None:
    (each,) = forecasts(recorded=False)
    assert causes(each).startswith("parts of the expectation not recorded; the result is fees -1.40")
    assert "| not recorded |" in "\n".join(forecast_markdown([each]))


def test_what_is_left_unexplained_is_said() -> None:
    (each,) = forecasts()
    assert "unexplained" in causes({**each, "rest_usd": 0.5})
    assert "unexplained" not in causes({**each, "rest_usd": 0.0})
    assert forecast_markdown([]) == []
