"""The ledger in words: tables for a terminal and for `report.md`.

Counterpart: `figures`, whose data is said here.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rich import box
from rich.console import Group
from rich.table import Table
from rich.text import Text

from engine.ledger.totals import NO_PAIR, By

COLUMNS = (
    ("funding_usd", "funding"),
    ("fee_usd", "fees"),
    ("basis_usd", "basis"),
    ("slippage_usd", "slippage"),
    ("naked_usd", "naked leg"),
    ("forced_usd", "forced"),
    ("haircut_usd", "haircut"),
    ("estimated_usd", "corrected"),
    ("gas_usd", "gas"),
    ("net_usd", "net"),
)
ALWAYS = ("funding_usd", "fee_usd", "basis_usd", "slippage_usd", "net_usd")
"""Columns that are shown although nothing stands in them; the others only where something does."""
EXPLAINED = (
    "USD, positive: gained. Basis is what prices brought from mid to mid over the legs, naked times left out; of one "
    "venue alone it is that leg's price result. Legs that are open count in it once they are reduced."
)


def cut_table(data: dict[str, Any], by: By) -> Group:
    """One cut for a terminal, the whole at its foot."""
    drawn = Table(box=box.SIMPLE_HEAD, show_footer=True)
    drawn.add_column(by, footer="all", overflow="fold")
    columns = _columns([*data[by], data["all"]])
    for name, title in columns:
        drawn.add_column(title, justify="right", footer=_cents(data["all"][name]), no_wrap=True)
    for line in data[by]:
        drawn.add_row(line["name"], *(_cents(line[name]) for name, _ in columns))
    return Group(drawn, Text(EXPLAINED), *(Text(note) for note in _notes(data["all"], data.get("pair", []))))


def _columns(lines: list[dict[str, Any]]) -> list[tuple[str, str]]:
    """Those that have a figure in some line: a table of all of them is wider than a page."""
    return [each for each in COLUMNS if each[0] in ALWAYS or any(float(line[each[0]]) for line in lines)]


def _notes(whole: dict[str, Any], pairs: list[dict[str, Any]]) -> Iterator[str]:
    if float(whole["gas_usd"]):
        yield "Gas is assumed, a figure of the profile for each transaction, and is no part of a venue's account."
    if any(line["name"] == NO_PAIR for line in pairs):
        yield f"{NO_PAIR}: money of positions that no pair of this run holds, as the venues told it."
    if float(whole["estimated_books_usd"]):
        yield f"{_cents(whole['estimated_books_usd'])} USD of the trades' cash is an estimate: no venue has told it."
    if float(whole["settled_usd"]):
        yield f"Settled into collateral: {_cents(whole['settled_usd'])} USD, no income."


def forecast_table(forecasts: list[dict[str, Any]]) -> Group:
    """Expected against realised for a terminal, each pair with what made the difference."""
    lines = [Text(line) for line in forecast_lines(forecasts)]
    return Group(Text("Expected against realised, closed pairs:"), *lines) if lines else Group()


def forecast_lines(forecasts: list[dict[str, Any]]) -> Iterator[str]:
    """One line a pair, with the causes that are no less than a cent."""
    for each in forecasts:
        yield (
            f"{_short(each['pair'])}: expected {each['expected_usd']:.2f}, realised {each['realised_usd']:.2f} "
            f"({each['difference_usd']:+.2f}) after {each['held_h']:.1f} h: {causes(each)}"
        )


def causes(forecast: dict[str, Any]) -> str:
    """What made the difference; where no expectation was recorded, what the result is made of."""
    told, lead = (forecast["causes"], "") if forecast["rest_usd"] is not None else (forecast["parts"], NOT_RECORDED)
    parts = [f"{name} {usd:+.2f}" for name, usd in told.items() if usd]
    rest = [] if not forecast["rest_usd"] else [f"unexplained {forecast['rest_usd']:+.2f}"]
    return lead + (", ".join(parts + rest) or "nothing")


NOT_RECORDED = "parts of the expectation not recorded; the result is "


def forecast_markdown(forecasts: list[dict[str, Any]]) -> list[str]:
    """The table of `report.md`; no lines where no pair has closed."""
    if not forecasts:
        return []
    return [
        "## Expected against realised",
        "",
        "| pair | expected | realised | difference | held h | horizon h | why |",
        "|---|---|---|---|---|---|---|",
        *(_row(each) for each in forecasts),
        "",
    ]


def _row(each: dict[str, Any]) -> str:
    horizon = "not recorded" if each["horizon_h"] is None else f"{each['horizon_h']:.1f}"
    figures = f"{each['expected_usd']:.2f} | {each['realised_usd']:.2f} | {each['difference_usd']:+.2f}"
    return f"| {_short(each['pair'])} | {figures} | {each['held_h']:.1f} | {horizon} | {causes(each)} |"


def ledger_markdown(data: dict[str, Any]) -> list[str]:
    """The ledger of `report.md`, by venue and by day; no lines where nothing was booked."""
    if not data or not data["pair"]:
        return []
    lines = [line for by in ("venue", "day") for line in data[by]] + [data["all"]]
    columns = _columns(lines)
    heads = "| " + " | ".join(("", *(title for _, title in columns))) + " |"
    rows = ["| " + " | ".join((line["name"], *(_cents(line[name]) for name, _ in columns))) + " |" for line in lines]
    notes = _notes(data["all"], data["pair"])
    return ["## Ledger", "", heads, "|---" * (len(columns) + 1) + "|", *rows, "", EXPLAINED, *notes, ""]


def _cents(exact: str) -> str:
    return f"{round(float(exact), 2) + 0.0:.2f}"


def _short(pair: str) -> str:
    return pair.removeprefix("pair_position/")
