"""The report of a run in words: Markdown for `report.md`, tables for the terminal.

Counterpart: `engine.report`, which gathers what is said here.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal

from rich import box
from rich.console import Group
from rich.table import Table
from rich.text import Text

from engine.ledger.words import forecast_lines, forecast_markdown, ledger_markdown

COLUMNS = (
    ("pair", "pair"),
    ("state", "state"),
    ("legs", "legs"),
    ("funding_usd", "funding"),
    ("funding_received_usd", "received"),
    ("funding_paid_usd", "paid"),
    ("fees_usd", "fees"),
    ("price_pnl_usd", "price PnL"),
    ("slippage_usd", "slippage"),
    ("net_usd", "net"),
    ("expected_net_usd", "expected"),
    ("naked_seconds", "naked s"),
    ("naked_notional_seconds", "naked USD·s"),
    ("transitions", "moves"),
    ("orders", "orders"),
    ("rejected", "rejected"),
)


NAMES = ("pair", "state", "legs")
"""Columns that are no figures."""


def report_markdown(data: dict[str, Any]) -> str:
    """The report as Markdown: a table of pairs, totals, what is left open, alarms, notes."""
    totals = data["totals"]
    lines = [
        f"# Run report ({data['mode']}, seed {data['seed']})",
        "",
        f"{data['started']} to {data['ended']}: {data['market_time_s'] / 86400:.2f} days of market time. "
        f"Ended because: {data['reason']}.",
        "",
        f"{data['messages']} messages decided, {data['orders']} orders sent, final exposure "
        f"{data['final_exposure_usd']:.2f} USD. {_equity(data)}",
        "",
        "| " + " | ".join(title for _, title in COLUMNS) + " |",
        "|" + "|".join("---" for _ in COLUMNS) + "|",
        *("| " + " | ".join(_cell(pair, name, "; ") for name, _ in COLUMNS) + " |" for pair in data["pairs"]),
        "| **all** | | | " + " | ".join(_figure(totals.get(name, "")) for name, _ in COLUMNS[len(NAMES) :]) + " |",
        "",
        f"Funding received {totals['funding_received_usd']:.2f}, paid {totals['funding_paid_usd']:.2f}; fees "
        + ", ".join(f"{venue} {value:.2f}" for venue, value in totals["fees_by_venue"].items())
        + " USD. Price PnL is what prices brought from mid to mid; of a leg that is open it holds the cash alone. "
        "Slippage is what fills brought against the last mid seen when deciding (negative: a cost), no part of it: "
        "funding, price PnL and slippage less fees and haircuts are the net. Naked time counts from what the engine "
        f"knew. {_forecast(totals)}",
        "",
    ]
    lines += [*(f"- {line}" for line in reliability_lines(data)), ""] if data["reliability"] else []
    lines += [*forecast_markdown(data["forecasts"]), *ledger_markdown(data["ledger"])]
    lines += [*(f"- **{line}**" for line in left_open(data)), ""] if data["left_open"] else []
    lines += [f"- {alarm['at']} **{alarm['severity']}** {alarm['code']}: {_alarm(alarm)}" for alarm in data["alarms"]]
    lines += [f"- note: {note}" for note in data["notes"]]
    return "\n".join(lines) + "\n"


def _equity(data: dict[str, Any]) -> str:
    """How equity changed, and what it is counted from."""
    deposits = [venue for venue, source in data["equity_start_from"].items() if source == "deposit"]
    since = "since the accounts were first told"
    if deposits:
        since += f" (for {', '.join(deposits)}, which told none: since the profile's deposit)"
    nobody = f"{data['unheld_usd']:.2f} of it by positions that no pair holds, " if data["unheld_usd"] else ""
    return (
        f"Equity changed by {data['equity_change_usd']:.2f} USD {since}; {nobody}{data['unexplained_usd']:.2f} of it "
        "unexplained by the books."
    )


def _forecast(totals: dict[str, Any]) -> str:
    """What was paid against what the venues had announced before each hour."""
    return (
        f"Of {totals['funding_due']} funding settlements due the venues told {totals['funding_told']}; what they had "
        f"announced before each hour was {totals['funding_forecast_usd']:.2f} USD, paid was "
        f"{totals['funding_error_usd']:+.2f} USD beyond it."
    )


def reliability_lines(data: dict[str, Any]) -> Iterator[str]:
    """How each venue proved of which something was measured, the worst first: that leg closes first."""
    for venue in sorted(data["reliability"], key=lambda venue: (-venue["score"], venue["venue"])):
        if venue["orders"]:
            yield f"{venue['venue']} scores {venue['score']:.3f} (larger is worse): {venue['words']}"


def left_open(data: dict[str, Any]) -> Iterator[str]:
    """One line for each position that is left, with the order that would close it by hand."""
    for left in data["left_open"]:
        held = f"pair {_short(left['pair'])}" if left["pair"] else "held by no pair of ours"
        since = f", since {left['since']}" if left["since"] else ""
        what = f"left open on {left['venue']}: {left['side']} {left['size']} {left['asset']} ({held}{since})"
        signed = left["size"] if left["side"] != "short" else f"-{left['size']}"
        books = f"; our books say {left['booked']}" if left["pair"] and left["booked"] != signed else ""
        by_hand = f"; to close it by hand: {left['close_by']} {left['size']}, reduce-only" if left["close_by"] else ""
        yield f"{what}{books}{by_hand}"


def _alarm(alarm: dict[str, Any]) -> str:
    times = f"; {alarm['times']} times in all" if alarm["times"] > 1 else ""
    over = f"resolved {alarm['resolved']}" if alarm["resolved"] else "still stands" if times else ""
    return f"{alarm['text']} ({over}{times})" if over else str(alarm["text"])


LEFT_TO_THE_PAGE = (
    *("funding_received_usd", "funding_paid_usd", "expected_net_usd", "naked_notional_seconds"),
    *("naked_seconds", "transitions", "orders", "rejected"),
)
"""Figures the terminal has no room for, or says in words."""
WRAPPED = ("pair", "state")
"""Columns that give way where there is no room: a figure broken in two is no figure."""
TERMINAL_COLUMNS = tuple(c for c in COLUMNS if c[0] not in LEFT_TO_THE_PAGE)


def report_tables(data: dict[str, Any]) -> Group:
    """The report for a terminal; report.md in the run's directory says more."""
    drawn = Table(box=box.SIMPLE_HEAD, show_footer=True, collapse_padding=True)
    totals = data["totals"]
    for name, title in TERMINAL_COLUMNS:
        footer = "all" if name == "pair" else _figure(totals.get(name, ""))
        justify: Literal["left", "right"] = "left" if name in NAMES else "right"
        drawn.add_column(title, footer=footer, justify=justify, no_wrap=name not in WRAPPED, overflow="fold")
    for pair in data["pairs"]:
        drawn.add_row(*(_short(_cell(pair, name, "\n")) for name, _ in TERMINAL_COLUMNS))
    lines = [
        f"{data['market_time_s'] / 86400:.2f} days of market time, {data['messages']} messages, "
        f"{data['orders']} orders, final exposure {data['final_exposure_usd']:.2f} USD. Ended: {data['reason']}.",
        f"Funding received {totals['funding_received_usd']:.2f}, paid {totals['funding_paid_usd']:.2f}; fees "
        + (", ".join(f"{venue} {value:.2f}" for venue, value in totals["fees_by_venue"].items()) or "none")
        + f"; net {totals['net_usd']:.2f} USD; naked for "
        f"{totals['naked_seconds']:.0f} s, {totals['naked_notional_seconds']:.0f} USD x s.",
        _forecast(totals),
        _equity(data),
        *reliability_lines(data),
        *forecast_lines(data["forecasts"]),
        *left_open(data),
        *(f"{alarm['severity']}: {_alarm(alarm)}" for alarm in data["alarms"]),
        *(f"note: {note}" for note in data["notes"]),
    ]
    return Group(drawn, *(Text(line) for line in lines))


def _cell(pair: dict[str, Any], name: str, between: str) -> str:
    if name == "legs":
        return between.join(leg_words(leg) for leg in pair["legs"])
    return _figure(pair[name])


def leg_words(leg: dict[str, Any]) -> str:
    """Venue, side and size of a leg; of a flat one the side it had."""
    if leg["side"] == "flat":
        return f"{leg['venue']} flat, was {leg['entered']}"
    return f"{leg['venue']} {leg['side']} {leg['size']}"


def _short(pair: str) -> str:
    return pair.removeprefix("pair_position/")


def _figure(value: object) -> str:
    return f"{value:.2f}" if isinstance(value, float) else str(value)
