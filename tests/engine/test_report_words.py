from __future__ import annotations

import io
from typing import Any

import msgspec
import pytest
from rich.console import Console

from actors.commands import RaiseAlarm
from actors.domain import Venue
from engine.printed import PLAIN_WIDTH
from engine.report import report_data
from engine.report_words import left_open, leg_words, report_markdown, report_tables
from engine.view import Tally, build
from tests.engine.recorded import MAKER, START_NS, TAKER, hedged_run
from tests.engine.test_report import DEPOSITS, data

CLOSED_LEG = {"venue": "lighter", "entered": "long", "side": "flat", "size": "0", "at_venue": None}
LEFT = {
    "venue": "pacifica",
    "asset": "BTC",
    "side": "short",
    "size": "0.5",
    "close_by": "buy",
    "pair": "pair_position/BTC-1",
    "booked": "-0.5",
    "since": "2026-01-01T00:00:00+00:00",
}


def on_screen(report: dict[str, Any], width: int = 130) -> str:
    """What the terminal shows, in one line."""
    console = Console(width=width, file=io.StringIO())
    console.print(report_tables(report))
    assert isinstance(console.file, io.StringIO)
    return " ".join(console.file.getvalue().split())


@pytest.mark.parametrize("empty", [False, True])
def test_both_forms_for_people_say_what_the_data_says(empty: bool) -> None:
    report = data(pairs=()) if empty else data()
    page, screen = report_markdown(report), on_screen(report)
    for told in ("close BTC by hand", "one note", f"{report['messages']} messages", "done"):
        assert told in page
        assert told in screen
    assert ("BTC-1" in page, "BTC-1" in screen) == (not empty, not empty)


def test_the_table_fits_a_page_of_a_hundred_columns_with_every_figure_whole() -> None:
    report = data()
    (pair,) = report["pairs"]
    pair |= {"funding_usd": -12345.67, "price_pnl_usd": -12345.67, "slippage_usd": -1234.56, "net_usd": -12345.67}
    screen = on_screen(report, PLAIN_WIDTH)
    assert screen.count("-12345.67") == 3
    assert "-1234.56" in screen


def test_venues_of_which_something_was_measured_are_told_the_worst_first() -> None:
    report = data()
    told = {each["venue"]: each for each in report["reliability"]}
    lines = [f"{name} scores {told[name]['score']:.3f} (larger is worse): answers in" for name in (MAKER, TAKER)]
    for form in (report_markdown(report), on_screen(report)):
        assert form.index(lines[0]) < form.index(lines[1])
        assert f"{Venue.LIGHTER.value} scores" not in form


def test_funding_is_held_against_what_the_venues_had_announced() -> None:
    report = data()
    report["totals"] |= {"funding_told": 5, "funding_due": 6, "funding_forecast_usd": 1.5, "funding_error_usd": -0.25}
    for form in (report_markdown(report), on_screen(report)):
        assert "Of 6 funding settlements due the venues told 5" in form
        assert "before each hour was 1.50 USD, paid was -0.25 USD beyond it" in form


def test_every_row_of_the_page_has_a_cell_for_every_column() -> None:
    rows = [line for line in report_markdown(data()).splitlines() if line.startswith("|")]
    assert len(rows) == 4
    assert len({row.count("|") for row in rows}) == 1


def test_a_leg_is_told_with_venue_side_and_size_and_a_flat_one_with_the_side_it_had() -> None:
    report = data()
    first, second = report["pairs"][0]["legs"]
    assert (leg_words(first), leg_words(second)) == ("hyperliquid short 0.5", "pacifica long 0.5")
    assert leg_words(CLOSED_LEG) == "lighter flat, was long"
    for form in (report_markdown(report), on_screen(report)):
        assert "hyperliquid short 0.5" in form
        assert "pacifica long 0.5" in form


def test_what_is_left_open_is_told_with_the_order_that_closes_it_by_hand() -> None:
    (line,) = left_open({"left_open": [LEFT]})
    assert line == (
        "left open on pacifica: short 0.5 BTC (pair BTC-1, since 2026-01-01T00:00:00+00:00); "
        "to close it by hand: buy 0.5, reduce-only"
    )
    report = data()
    assert report["left_open"]
    for form in (report_markdown(report), on_screen(report)):
        assert "to close it by hand: buy 0.5, reduce-only" in form


def test_where_the_venue_and_our_books_differ_both_are_told() -> None:
    other, foreign = LEFT | {"booked": "-0.7"}, LEFT | {"pair": "", "booked": "0"}
    first, second = left_open({"left_open": [other, foreign]})
    assert "short 0.5 BTC" in first
    assert "our books say -0.7" in first
    assert "held by no pair of ours" in second
    assert "our books" not in second


def test_from_where_equity_is_counted_is_told() -> None:
    report = data()
    assert "since the accounts were first told;" in report_markdown(report)
    fallback = report | {"equity_start_from": {"hyperliquid": "account", "drift": "deposit"}}
    for form in (report_markdown(fallback), on_screen(fallback)):
        assert "for drift, which told none: since the profile's deposit" in form


def test_an_alarm_that_is_over_is_told_with_the_time_and_how_often_it_came() -> None:
    run = hedged_run()
    tally = Tally()
    for decision in run.decisions:
        tally.watch(decision)
    for _ in range(2):
        tally.alarm(RaiseAlarm(severity="critical", code="link_outage", text="no link"), about="venue_link/x")
        tally._book.arrived("venue_link/x", "UP", START_NS)
    tally.alarm(RaiseAlarm(severity="critical", code="left_open", text="not flat"))
    report = report_data(
        build(run.core, tally), seed=7, mode="test", started_ns=START_NS, reason="done", notes=[], deposits_usd=DEPOSITS
    )
    page = report_markdown(report)
    assert "no link (resolved 2023-11-14T22:13:20+00:00; 2 times in all)" in page
    assert page.rstrip().endswith("left_open: not flat")
    assert msgspec.json.decode(msgspec.json.encode(report)) == report
