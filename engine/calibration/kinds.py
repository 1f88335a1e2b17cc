"""The kinds of checks a funding field can be put to, with their thresholds. Counterpart: `checks`, which puts them."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

import msgspec

from engine.calibration import payments
from engine.calibration.measures import Measures, Pairs, measure
from engine.calibration.recorded import Sample, Settled, day_of

PAIRS_LEAST = 50
CORRELATION_LEAST = 0.95
RATIO_LEAST, RATIO_MOST = Decimal("0.8"), Decimal("1.25")
"""Ratio of the medians of moved rates; a wrong unit is off by 8 or 100."""
FORMULA_SHARE_LEAST = Decimal("0.999")
FORMULA_SINCE_HOUR = 1_704_067_200 // 3600
"""2024-01-01: before it the venue's interest part was clamped otherwise."""
CONSTANT_SHARE_LEAST = Decimal("0.99")
RESTING_SHARE_LEAST = Decimal("0.3")
HOURS_LEAST = 200
INTEREST_8H = Decimal("0.0001")
CLAMP_8H = Decimal("0.0005")
GRAIN = Decimal("2e-9")
RESTING = INTEREST_8H / 8
"""A market at its oracle pays the interest part alone: 0.01 % per eight hours, 0.00125 % per hour."""
RESTING_LIGHTER = Decimal("0.000012")
"""The same as Lighter writes it: percent, four decimals."""


class Check(msgspec.Struct, frozen=True, kw_only=True):
    """One finding on one field: what was looked at, how much of it and when, what came out, what was needed."""

    key: str
    name: str
    sample: int
    period: str
    measured: str
    needed: str
    passed: bool
    deciding: bool = True


def follows_formula(name: str, rows: tuple[Settled, ...]) -> Check:
    """Share of hourly rates that are (premium + clamp(interest - premium)) / 8 (HL docs, "Funding", 2025-11)."""
    late = [row for row in rows if row.hour >= FORMULA_SINCE_HOUR and row.premium is not None]
    exact = sum(1 for row in late if row.premium is not None and abs(_by_formula(row.premium) - row.rate) <= GRAIN)
    share = Decimal(exact) / len(late)
    return Check(
        key="hyperliquid/fundingHistory.fundingRate",
        name=name,
        sample=len(late),
        period=_period(day_of(min(row.hour for row in late)), day_of(max(row.hour for row in late))),
        measured=f"{share:.4f} of them",
        needed=f">= {FORMULA_SHARE_LEAST}",
        passed=share >= FORMULA_SHARE_LEAST,
    )


def _by_formula(premium: Decimal) -> Decimal:
    return (premium + min(max(INTEREST_8H - premium, -CLAMP_8H), CLAMP_8H)) / 8


def follows_settlements(key: str, name: str, by_lag: dict[int, Pairs], resting: Decimal) -> Iterator[Check]:
    """A forming rate: it must follow the settlement at the end of its hour, in the same unit."""
    found = by_lag[1]
    got = measure(found.found, resting)
    ratio = got.ratio_of_medians
    fits = got.correlation is not None and got.correlation >= CORRELATION_LEAST
    yield Check(
        key=key,
        name=name,
        sample=got.pairs,
        period=_period(found.first, found.last),
        measured=_told(got),
        needed=f">= {PAIRS_LEAST} pairs, correlation >= {CORRELATION_LEAST}, ratio {RATIO_LEAST} to {RATIO_MOST}",
        passed=got.pairs >= PAIRS_LEAST and fits and ratio is not None and RATIO_LEAST <= ratio <= RATIO_MOST,
    )
    yield best_hour(key, name, by_lag, deciding=True)


def best_hour(key: str, name: str, by_lag: dict[int, Pairs], *, deciding: bool) -> Check:
    """Which settlement it follows best: the one before (0), the coming one (1), the one after that (2)."""
    fits = {lag: measure(pairs.found, Decimal(0)).correlation or 0.0 for lag, pairs in by_lag.items()}
    best = max(fits, key=lambda lag: fits[lag])
    return Check(
        key=key,
        name=f"{name}: the hour it follows",
        sample=len(by_lag[1].found),
        period=_period(by_lag[1].first, by_lag[1].last),
        measured="; ".join(f"lag {lag} h: correlation {fit:.4f}" for lag, fit in fits.items()),
        needed="best at lag 1 h",
        passed=best == 1,
        deciding=deciding,
    )


def told(key: str, name: str, pairs: Pairs, resting: Decimal) -> Check:
    """Told, not judged."""
    return Check(
        key=key,
        name=name,
        sample=len(pairs.found),
        period=_period(pairs.first, pairs.last),
        measured=_told(measure(pairs.found, resting)),
        needed="",
        passed=True,
        deciding=False,
    )


def stands_still(key: str, samples: tuple[Sample, ...]) -> Check:
    """A rate last paid cannot move within the hour; one still forming does."""
    share = _share(sum(1 for sample in samples if sample.least == sample.most), samples)
    return Check(
        key=key,
        name="does not move within an hour",
        sample=len(samples),
        period=_days(samples),
        measured=f"{share:.4f} of the market hours",
        needed=f">= {CONSTANT_SHARE_LEAST} of >= {HOURS_LEAST}",
        passed=share >= CONSTANT_SHARE_LEAST and len(samples) >= HOURS_LEAST,
    )


def rests(key: str, samples: tuple[Sample, ...], resting: Decimal) -> Check:
    """The formula's interest part, exactly: any other unit would show another figure."""
    share = _share(sum(1 for sample in samples if sample.rate == resting), samples)
    return Check(
        key=key,
        name=f"rests at {resting.normalize():f} per hour",
        sample=len(samples),
        period=_days(samples),
        measured=f"{share:.4f} of the market hours",
        needed=f">= {RESTING_SHARE_LEAST}",
        passed=share >= RESTING_SHARE_LEAST,
    )


def pays(key: str, paid_by: str) -> Check:
    """Payments at this field's rate; those of `paid_by`, where it is the same figure on another endpoint."""
    known = payments.payments_of(paid_by)
    return Check(
        key=key,
        name="money paid over size x price x rate" + ("" if key == paid_by else f" ({paid_by})"),
        sample=len(known),
        period="",
        measured=", ".join(f"{payments.ratio(payment):.4f}" for payment in known),
        needed=f"1 within {payments.TOLERANCE}, sign included",
        passed=bool(known) and all(payments.agrees(payment) for payment in known),
    )


def _told(got: Measures) -> str:
    fit = "none" if got.correlation is None else f"{got.correlation:.4f}"
    ratio = "none" if got.ratio_of_medians is None else f"{got.ratio_of_medians:.3f}"
    return (
        f"correlation {fit}; error median {got.error_median_bps:.4f}, 95 % {got.error_p95_bps:.4f} bps; "
        f"ratio of medians {ratio} ({got.moved} moved); exact {got.exact_share:.3f}"
    )


def _share(count: int, samples: tuple[Sample, ...]) -> Decimal:
    return Decimal(count) / len(samples) if samples else Decimal(0)


def _days(samples: tuple[Sample, ...]) -> str:
    hours = [sample.hour for sample in samples]
    return _period(day_of(min(hours)), day_of(max(hours))) if hours else ""


def _period(first: str, last: str) -> str:
    return first if first == last else f"{first}..{last}"
