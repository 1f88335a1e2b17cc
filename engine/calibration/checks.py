"""What each funding field must show before it counts as calibrated, and what the recordings show.

A field is calibrated when it has deciding checks and all of them pass; the others inform. `kinds` has the thresholds.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

import msgspec

from engine.calibration.kinds import (
    PAIRS_LEAST,
    RESTING,
    RESTING_LIGHTER,
    Check,
    best_hour,
    follows_formula,
    follows_settlements,
    pays,
    rests,
    stands_still,
    told,
)
from engine.calibration.recorded import Recordings, against_settled, lighter_forming, lighter_paid, same_hour
from engine.venues.funding import per_hour
from engine.venues.rate_fields import FIELDS


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """A field's verdict with its checks."""

    key: str
    calibrated: bool
    checks: tuple[Check, ...]


def findings(recorded: Recordings) -> tuple[Finding, ...]:
    """Every known field, in the order of the table; one without any check is not calibrated."""
    checks = tuple(_checks(recorded))
    return tuple(verdict(key, tuple(check for check in checks if check.key == key)) for key in FIELDS)


def verdict(key: str, checks: tuple[Check, ...]) -> Finding:
    """Calibrated, or not, by the checks that decide."""
    deciding = [check for check in checks if check.deciding]
    return Finding(key=key, calibrated=bool(deciding) and all(check.passed for check in deciding), checks=checks)


def _checks(recorded: Recordings) -> Iterator[Check]:
    yield from _hyperliquid_forming(recorded)
    yield follows_formula("settled rates follow from their premium", recorded.settled)
    yield from _pacifica(recorded)
    yield from _lighter(recorded)
    yield from _drift(recorded)
    for key in ("hyperliquid/userFunding.delta.fundingRate", "lighter/fundings.rate"):
        yield pays(key, key)


# --- Hyperliquid ----------------------------------------------------------------------------------------------


def _hyperliquid_forming(recorded: Recordings) -> Iterator[Check]:
    key = "hyperliquid/ctx.funding"
    by_lag = {hours: against_settled(recorded, recorded.hour_means, hours) for hours in (0, 1, 2)}
    yield from follows_settlements(key, "mean of an hour against the settlement", by_lag, RESTING)
    polled = {hours: against_settled(recorded, recorded.snapshots, hours) for hours in (0, 1, 2)}
    yield best_hour(key, "one poll an hour", polled, deciding=False)
    for first, last in ((0, 0), (1, 9), (10, 29), (30, 44), (45, 59)):
        late = tuple(sample for sample in recorded.snapshots if first <= sample.minute <= last)
        found = against_settled(recorded, late, 1)
        yield told(key, f"polled in minute {first} to {last} against the settlement", found, RESTING)


# --- Pacifica -------------------------------------------------------------------------------------------------


def _pacifica(recorded: Recordings) -> Iterator[Check]:
    key = "pacifica/prices.funding"
    samples = tuple(sample for sample in recorded.hour_means if sample.venue == "pacifica")
    yield stands_still(key, samples)
    yield rests(key, samples, RESTING)
    yield pays(key, key)
    yield Check(
        key="pacifica/prices.next_funding",
        name="against the settlement at the hour's end",
        sample=0,
        period="",
        measured="never recorded",
        needed=f">= {PAIRS_LEAST} pairs",
        passed=False,
    )


# --- Lighter --------------------------------------------------------------------------------------------------


def _lighter(recorded: Recordings) -> Iterator[Check]:
    forming, last = "lighter/market_stats.current_funding_rate", "lighter/market_stats.funding_rate"
    by_lag = {hours: lighter_forming(recorded.lighter_stats, hours) for hours in (0, 1)}
    yield from follows_settlements(forming, "last estimate before a settlement against it", by_lag, RESTING_LIGHTER)
    yield pays(forming, "lighter/fundings.rate")
    samples = lighter_paid(recorded.lighter_stats)
    yield stands_still(last, samples)
    yield rests(last, samples, RESTING_LIGHTER)
    yield pays(last, "lighter/fundings.rate")
    two = same_hour(recorded.hour_means, recorded.snapshots, "lighter")
    yield told(last, "two recorders, the same hour", two, RESTING_LIGHTER)
    yield _eight_hours()


def _eight_hours() -> Check:
    """The resting rate on both endpoints in November 2025: 0.0012 (percent an hour), 0.000096 (of eight hours)."""
    found = per_hour("lighter/funding-rates.rate", Decimal("0.000096"))
    return Check(
        key="lighter/funding-rates.rate",
        name="the resting rate, told beside 0.0012 % an hour",
        sample=1,
        period="2025-11",
        measured=f"{found:f} per hour",
        needed=">= 2 markets, one of them moved",
        passed=False,
    )


# --- Drift ----------------------------------------------------------------------------------------------------


def _drift(recorded: Recordings) -> Iterator[Check]:
    """A day's sum against Binance's: the order of magnitude, since the records' raw figures are not kept."""
    days = recorded.drift_days_against_binance()
    yield told("drift/FundingRateRecord.funding_rate", "sum of a day against Binance's", days, Decimal(0))
