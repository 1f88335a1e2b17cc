"""The report of a run: what a trader reads at its end, and the same as JSON for programs.

Money is in USD, rounded to cents only here. `naked_notional_seconds` is USD times seconds.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from rich import box
from rich.console import Group
from rich.table import Table
from rich.text import Text

from engine.view import EngineView, LegView, PairView

CENT = Decimal("0.01")
ZERO = Decimal(0)


def report_data(
    view: EngineView,
    *,
    seed: int,
    mode: str,
    started_ns: int,
    reason: str,
    notes: Iterable[str],
    deposits_usd: Mapping[str, Decimal],
) -> dict[str, Any]:
    """The report as plain data, ready for JSON. Money fields are numbers of USD."""
    traded = [pair for pair in view.pairs if pair.orders]
    net = sum((pair.net_usd for pair in traded), ZERO)
    equity_change = sum((value - deposits_usd[venue] for venue, value in view.equity_usd.items()), ZERO)
    return {
        "mode": mode,
        "seed": seed,
        "reason": reason,
        "market_time_s": (view.at_ns - started_ns) // 1_000_000_000,
        "started": _time(started_ns),
        "ended": _time(view.at_ns),
        "messages": view.messages,
        "orders": sum(view.orders.values()),
        "orders_by_venue": view.orders,
        "rejected_by_venue": view.rejected,
        "final_exposure_usd": _usd(view.exposure_usd),
        "equity_change_usd": _usd(equity_change),
        "unexplained_usd": _usd(equity_change - net),
        "equity_usd": {venue: _usd(value) for venue, value in view.equity_usd.items()},
        "pairs": [_pair(pair) for pair in traded],
        "totals": _totals(traded),
        "alarms": [
            {"seq": a.seq, "at": _time(a.at_ns), "severity": a.severity, "code": a.code, "text": a.text}
            for a in view.alarms
        ],
        "alarms_total": view.alarms_total,
        "notes": list(notes),
    }


def _pair(pair: PairView) -> dict[str, Any]:
    return {
        "pair": pair.pair,
        "asset": pair.asset,
        "state": pair.state,
        "entered": _time(pair.entered_ns),
        "transitions": pair.transitions,
        "orders": pair.orders,
        "rejected": pair.rejected,
        "denied": pair.denied,
        "funding_usd": _usd(pair.funding_usd),
        "funding_received_usd": _usd(_sum(pair.legs, "funding_received_usd")),
        "funding_paid_usd": _usd(_sum(pair.legs, "funding_paid_usd")),
        "fees_usd": _usd(pair.fees_usd),
        "fees_by_venue": {leg.venue: _usd(leg.fees_usd) for leg in pair.legs},
        "price_pnl_usd": _usd(pair.price_pnl_usd),
        "slippage_usd": _usd(pair.slippage_usd),
        "estimated_usd": _usd(pair.estimated_usd),
        "net_usd": _usd(pair.net_usd),
        "expected_net_usd": _usd(pair.expected_net_usd),
        "naked_seconds": float(pair.naked_seconds),
        "naked_notional_seconds": _usd(pair.naked_notional_seconds),
        "entry_reason": pair.entry_reason,
        "close_reason": pair.close_reason,
    }


def _totals(pairs: list[PairView]) -> dict[str, Any]:
    fees: dict[str, Decimal] = {}
    for pair in pairs:
        for leg in pair.legs:
            fees[leg.venue] = fees.get(leg.venue, ZERO) + leg.fees_usd
    return {
        "pairs": len(pairs),
        "funding_usd": _usd(sum((p.funding_usd for p in pairs), ZERO)),
        "funding_received_usd": _usd(sum((_sum(p.legs, "funding_received_usd") for p in pairs), ZERO)),
        "funding_paid_usd": _usd(sum((_sum(p.legs, "funding_paid_usd") for p in pairs), ZERO)),
        "fees_usd": _usd(sum((p.fees_usd for p in pairs), ZERO)),
        "fees_by_venue": {venue: _usd(value) for venue, value in sorted(fees.items())},
        "price_pnl_usd": _usd(sum((p.price_pnl_usd for p in pairs), ZERO)),
        "slippage_usd": _usd(sum((p.slippage_usd for p in pairs), ZERO)),
        "net_usd": _usd(sum((p.net_usd for p in pairs), ZERO)),
        "traded_usd": _usd(sum((_sum(p.legs, "traded_usd") for p in pairs), ZERO)),
        "naked_seconds": float(sum((p.naked_seconds for p in pairs), ZERO)),
        "naked_notional_seconds": _usd(sum((p.naked_notional_seconds for p in pairs), ZERO)),
        "transitions": sum(p.transitions for p in pairs),
        "orders": sum(p.orders for p in pairs),
        "rejected": sum(p.rejected for p in pairs),
        "denied": sum(p.denied for p in pairs),
    }


def _sum(legs: Iterable[LegView], field: str) -> Decimal:
    return sum((getattr(leg, field) for leg in legs), ZERO)


def _usd(value: Decimal) -> float:
    return float(value.quantize(CENT))


def _time(at_ns: int) -> str:
    return datetime.fromtimestamp(at_ns / 1e9, UTC).isoformat(timespec="seconds") if at_ns else ""


# --- for people --------------------------------------------------------------------------------------------

COLUMNS = (
    ("pair", "pair"),
    ("state", "state"),
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


def report_markdown(data: dict[str, Any]) -> str:
    """The report as Markdown: a table of pairs, totals, alarms, notes."""
    totals = data["totals"]
    lines = [
        f"# Run report ({data['mode']}, seed {data['seed']})",
        "",
        f"{data['started']} to {data['ended']}: {data['market_time_s'] / 86400:.2f} days of market time. "
        f"Ended because: {data['reason']}.",
        "",
        f"{data['messages']} messages decided, {data['orders']} orders sent, final exposure "
        f"{data['final_exposure_usd']:.2f} USD. Equity changed by {data['equity_change_usd']:.2f} USD, "
        f"{data['unexplained_usd']:.2f} of it unexplained by the pairs' books.",
        "",
        "| " + " | ".join(title for _, title in COLUMNS) + " |",
        "|" + "|".join("---" for _ in COLUMNS) + "|",
        *("| " + " | ".join(_cell(pair[name]) for name, _ in COLUMNS) + " |" for pair in data["pairs"]),
        "| **all** | | " + " | ".join(_cell(totals.get(name, "")) for name, _ in COLUMNS[2:]) + " |",
        "",
        f"Funding received {totals['funding_received_usd']:.2f}, paid {totals['funding_paid_usd']:.2f}; fees "
        + ", ".join(f"{venue} {value:.2f}" for venue, value in totals["fees_by_venue"].items())
        + " USD. Price PnL is the change of the basis while both legs were held, slippage included. Slippage is the "
        "cost of fills against the last mid seen when deciding (negative: better). Naked time counts from what the "
        "engine knew.",
        "",
    ]
    lines += [f"- {alarm['at']} **{alarm['severity']}** {alarm['code']}: {alarm['text']}" for alarm in data["alarms"]]
    lines += [f"- note: {note}" for note in data["notes"]]
    return "\n".join(lines) + "\n"


SAID_IN_WORDS = ("funding_received_usd", "funding_paid_usd", "expected_net_usd", "naked_notional_seconds")
TERMINAL_COLUMNS = tuple(c for c in COLUMNS if c[0] not in SAID_IN_WORDS)
LEFT = ("pair", "state")


def report_tables(data: dict[str, Any]) -> Group:
    """The report for a terminal; report.md in the run's directory says more."""
    drawn = Table(box=box.SIMPLE_HEAD, show_footer=True)
    totals = data["totals"]
    for name, title in TERMINAL_COLUMNS:
        footer = "all" if name == "pair" else _cell(totals.get(name, ""))
        drawn.add_column(title, footer=footer, justify="left" if name in LEFT else "right")
    for pair in data["pairs"]:
        drawn.add_row(*(_cell(pair[name]).removeprefix("pair_position/") for name, _ in TERMINAL_COLUMNS))
    lines = [
        f"{data['market_time_s'] / 86400:.2f} days of market time, {data['messages']} messages, "
        f"{data['orders']} orders, final exposure {data['final_exposure_usd']:.2f} USD. Ended: {data['reason']}.",
        f"Funding received {totals['funding_received_usd']:.2f}, paid {totals['funding_paid_usd']:.2f}; fees "
        + (", ".join(f"{venue} {value:.2f}" for venue, value in totals["fees_by_venue"].items()) or "none")
        + f"; net {totals['net_usd']:.2f} USD; naked {totals['naked_notional_seconds']:.0f} USD x s.",
        *(f"{alarm['severity']}: {alarm['text']}" for alarm in data["alarms"]),
        *(f"note: {note}" for note in data["notes"]),
    ]
    return Group(drawn, *(Text(line) for line in lines))


def _cell(value: object) -> str:
    return f"{value:.2f}" if isinstance(value, float) else str(value)
