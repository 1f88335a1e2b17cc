"""Gates about what a pair earns: history, persistence, net of all costs, and the next settlement.

Counterparts: `actors.pricing`, whose figures these are; `table`, which says of each its formula, its limit and why.
"""

from __future__ import annotations

import msgspec

from actors.board import hour_after
from actors.domain import BPS, NS_PER_S, ZERO, Side
from actors.gates.case import Case, Gate, funding_of, least, unmeasured


def history(case: Case) -> Gate:
    """For how long both rates have been observed."""
    return least("history_h", case.seen_h, case.policy.scanner.history_h)


def persistence(case: Case) -> Gate:
    """Share of the recent hours in which the difference had the sign it is expected to keep."""
    return least("persistence", case.outlook.persistence, case.policy.scanner.persistence_least)


def net(case: Case) -> Gate:
    """What is left over the horizon of the mean less some errors, after every cost, bps of one leg's notional."""
    told, scanner = case.expectation, case.policy.scanner
    if not case.compared:
        return unmeasured("expected_net_bps", case, f">= {scanner.net_least_bps:.6g}")
    doubt = scanner.confidence * told.rate_error_per_hour * told.horizon_h
    expected = told.net_usd / told.notional_usd / BPS
    gate = least("expected_net_bps", expected - doubt / BPS, scanner.net_least_bps)
    return msgspec.structs.replace(gate, measured=f"{gate.measured} ({expected:.4g} less {doubt / BPS:.4g} of doubt)")


def settlement(case: Case) -> Gate:
    """Nothing is opened shortly before a settlement at which it would pay."""
    pause_s = case.policy.gates.settlement_pause_s
    left_s = (hour_after(case.known.at_ns) - case.known.at_ns) / NS_PER_S
    earns = _earns_now(case)
    words = f"{left_s:.0f} s to a settlement at which it {'receives' if earns else 'pays'}"
    passed = earns or left_s >= pause_s
    return Gate(name="settlement", passed=passed, measured=words, needed=f"{pause_s:g} s if it pays")


def _earns_now(case: Case) -> bool:
    taker, maker = (funding_of(market) or ZERO for market in case.markets)
    return (taker - maker if case.taker_side is Side.SELL else maker - taker) >= 0
