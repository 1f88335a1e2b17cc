"""The report of a run as data, ready for JSON: what a trader reads at its end.

Money is in USD, rounded to cents only here; sizes are base units, as text. `naked_notional_seconds` is USD times
seconds. Counterpart: `engine.report_words`, which says it to people.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from actors.domain import ZERO
from engine.alarms import Alarm
from engine.foreign import Foreign
from engine.ledger.figures import forecast_data, ledger_data
from engine.sizes import closed_by, plain, side_of
from engine.view import EngineView, LegView, PairView, Tally, VenueView

CENT = Decimal("0.01")


def report_data(
    view: EngineView,
    *,
    seed: int,
    mode: str,
    started_ns: int,
    reason: str,
    notes: Iterable[str],
    deposits_usd: Mapping[str, Decimal],
    tally: Tally | None = None,
) -> dict[str, Any]:
    """The report as plain data, ready for JSON. Money fields are numbers of USD.

    Equity is counted from each venue's first word in this run; `deposits_usd` stand in where there was none. What the
    books explain of its change is the pairs' net, their open legs at the mark, and what was told of positions that no
    pair holds (`unheld_usd`). `ledger` is that of the `tally`, empty without one; it is over with this.
    """
    if tally is not None:
        tally.finish()
    unheld = ZERO if tally is None else tally.unheld_usd
    traded = [pair for pair in view.pairs if pair.orders]
    explained = sum((pair.net_usd + sum((leg.worth_usd for leg in pair.legs), ZERO) for pair in traded), unheld)
    start = {venue: view.equity_start_usd.get(venue, deposits_usd[venue]) for venue in view.equity_usd}
    equity_change = sum((value - start[venue] for venue, value in view.equity_usd.items()), ZERO)
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
        "reliability": [_venue(venue) for venue in view.reliability],
        "final_exposure_usd": _usd(view.exposure_usd),
        "equity_change_usd": _usd(equity_change),
        "unheld_usd": _usd(unheld),
        "unexplained_usd": _usd(equity_change - explained),
        "equity_usd": {venue: _usd(value) for venue, value in view.equity_usd.items()},
        "equity_start_usd": {venue: _usd(value) for venue, value in start.items()},
        "equity_start_from": {venue: "account" if venue in view.equity_start_usd else "deposit" for venue in start},
        "left_open": [*_open_legs(view.pairs), *(_foreign(foreign) for foreign in view.foreign)],
        "pairs": [_pair(pair) for pair in traded],
        "totals": _totals(traded),
        "ledger": ledger_data(tally.totals) if tally is not None else {},
        "forecasts": forecast_data(tally.ledger) if tally is not None and tally.ledger is not None else [],
        "alarms": [_alarm(alarm) for alarm in view.alarms],
        "alarms_total": view.alarms_total,
        "notes": list(notes),
    }


def _venue(venue: VenueView) -> dict[str, Any]:
    """A larger score is worse; shares are of `orders`, older ones counting less."""
    return {
        "venue": venue.venue,
        "score": round(float(venue.score), 3),
        "orders": round(float(venue.orders), 1),
        "ack_ms": None if venue.ack_ms is None else round(float(venue.ack_ms)),
        "rejected_share": round(float(venue.rejected_share), 3),
        "doubted_share": round(float(venue.doubted_share), 3),
        "words": venue.words,
    }


def _alarm(alarm: Alarm) -> dict[str, Any]:
    return {
        "seq": alarm.seq,
        "at": _time(alarm.at_ns),
        "severity": alarm.severity,
        "code": alarm.code,
        "text": alarm.text,
        "resolved": _time(alarm.resolved_ns),
        "times": alarm.times,
    }


def _open_legs(pairs: Iterable[PairView]) -> Iterator[dict[str, Any]]:
    """Every open leg of an open pair, by the venue's word where it is known: that is what a person would close.

    What is left at the venue of a pair that has closed is foreign.
    """
    for pair in pairs:
        for leg in pair.legs if not pair.state.startswith("CLOSED") else ():
            size = leg.position if leg.at_venue is None else leg.at_venue
            if size or leg.position:
                yield _left(leg.venue, pair.asset, size, pair.pair, leg.position, pair.entered_ns)


def _foreign(foreign: Foreign) -> dict[str, Any]:
    return _left(foreign.venue.value, foreign.asset, foreign.size, "", ZERO, foreign.since_ns)


def _left(venue: str, asset: str, size: Decimal, pair: str, booked: Decimal, since_ns: int) -> dict[str, Any]:
    """One open position; `pair` is empty when none of ours holds it, `booked` is the signed size in our books."""
    return {
        "venue": venue,
        "asset": asset,
        "side": side_of(size),
        "size": plain(abs(size)),
        "close_by": closed_by(size),
        "pair": pair,
        "booked": plain(booked),
        "since": _time(since_ns),
    }


def _leg(leg: LegView) -> dict[str, Any]:
    return {
        "venue": leg.venue,
        "entered": side_of(Decimal(leg.entered.sign)),
        "side": side_of(leg.position),
        "size": plain(abs(leg.position)),
        "at_venue": None if leg.at_venue is None else plain(leg.at_venue),
    }


def _pair(pair: PairView) -> dict[str, Any]:
    return {
        "pair": pair.pair,
        "asset": pair.asset,
        "state": pair.state,
        "legs": [_leg(leg) for leg in pair.legs],
        "entered": _time(pair.entered_ns),
        "transitions": pair.transitions,
        "orders": pair.orders,
        "rejected": pair.rejected,
        "denied": pair.denied,
        "funding_usd": _usd(pair.funding_usd),
        "funding_received_usd": _usd(_sum(pair.legs, "funding_received_usd")),
        "funding_paid_usd": _usd(_sum(pair.legs, "funding_paid_usd")),
        **_forecast(pair.legs),
        "fees_usd": _usd(pair.fees_usd),
        "fees_by_venue": {leg.venue: _usd(leg.fees_usd) for leg in pair.legs},
        "price_pnl_usd": _usd(pair.price_pnl_usd),
        "slippage_usd": _usd(pair.slippage_usd),
        "estimated_usd": _usd(pair.estimated_usd),
        "net_usd": _usd(pair.net_usd),
        "net_if_closed_usd": None if pair.net_if_closed_usd is None else _usd(pair.net_if_closed_usd),
        "flat_cost_usd": None if pair.flat_cost_usd is None else _usd(pair.flat_cost_usd),
        "flat_cost": pair.flat_cost_words,
        "expected_net_usd": _usd(pair.expected_net_usd),
        "naked_seconds": float(pair.naked_seconds),
        "naked_notional_seconds": _usd(pair.naked_notional_seconds),
        "entry_reason": pair.entry_reason,
        "close_reason": pair.close_reason,
        "close_order": pair.close_order,
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
        **_forecast([leg for pair in pairs for leg in pair.legs]),
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


def _forecast(legs: Iterable[LegView]) -> dict[str, Any]:
    """How funding compares with what the venues had announced, and how many settlements they told of those due."""
    held = list(legs)
    return {
        "funding_forecast_usd": _usd(_sum(held, "funding_forecast_usd")),
        "funding_error_usd": _usd(_sum(held, "funding_error_usd")),
        "funding_told": sum(leg.funding_told for leg in held),
        "funding_due": sum(leg.funding_due for leg in held),
    }


def _sum(legs: Iterable[LegView], field: str) -> Decimal:
    return sum((getattr(leg, field) for leg in legs), ZERO)


def _usd(value: Decimal) -> float:
    return float(value.quantize(CENT))


def _time(at_ns: int) -> str:
    return datetime.fromtimestamp(at_ns / 1e9, UTC).isoformat(timespec="seconds") if at_ns else ""
