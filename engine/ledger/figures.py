"""The ledger as plain data, ready for JSON: cuts as the exact decimals they are, in text; forecasts in cents.

Used by `engine.report` and `command`; `words` says the same to people.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from engine.ledger.entry import Kind
from engine.ledger.explained import Explained
from engine.ledger.fold import Ledger
from engine.ledger.reading import explained
from engine.ledger.totals import CUTS, By, Cut, Totals


def ledger_data(totals: Totals, *cuts: By) -> dict[str, Any]:
    """The whole and each cut asked for (all, if none is): name, sums by kind, net; USD as exact text."""
    return {
        "all": cut_data(totals.whole()),
        **{by: [cut_data(cut) for cut in totals.cut(by)] for by in cuts or CUTS},
    }


def cut_data(cut: Cut) -> dict[str, Any]:
    """One line of a cut. `basis` is what prices brought over both legs, naked times left out."""
    sums = {f"{'basis' if kind is Kind.PRICE else kind.value}_usd": exact(usd) for kind, usd in cut.sums.items()}
    return {
        "name": cut.name,
        **sums,
        "net_usd": exact(cut.net_usd),
        "account_usd": exact(cut.account_usd),
        "estimated_books_usd": exact(cut.estimated_usd),
        "settled_usd": exact(cut.settled_usd),
    }


def forecast_data(ledger: Ledger) -> list[dict[str, Any]]:
    """Every pair that has closed: expected, realised, and the difference by cause."""
    return [_forecast(each) for each in explained(ledger)]


def _forecast(each: Explained) -> dict[str, Any]:
    return {
        "pair": each.pair,
        "expectation": "recorded" if each.recorded else "not recorded",
        "expected_usd": _usd(each.expected_usd),
        "realised_usd": _usd(each.realised_usd),
        "difference_usd": _usd(each.difference_usd),
        "held_h": float(round(each.held_h, 2)),
        "horizon_h": None if each.horizon_h is None else float(each.horizon_h),
        "causes": {cause.name: _usd(cause.usd) for cause in each.causes},
        "parts": {name: _usd(usd) for name, usd in each.parts.items()},
        "estimated_usd": _usd(each.estimated_usd),
        "rest_usd": None if each.rest_usd is None else _usd(each.rest_usd),
    }


def _usd(value: Decimal) -> float:
    return float(round(value, 2)) + 0.0


def exact(value: Decimal) -> str:
    """A figure in full, without an exponent and without zeros at its end."""
    text = f"{value:f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if text in ("-0", "") else text
