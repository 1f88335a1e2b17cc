"""Statistics of a live rate against the settled one. Pure; errors in bps of notional per hour."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from decimal import Decimal

import msgspec

from actors.domain import BPS

Pair = tuple[Decimal, Decimal]
"""A live rate and the settled one, both per hour."""


class Pairs(msgspec.Struct, frozen=True, kw_only=True):
    """What is compared, and when the first and the last of it were recorded (UTC, by the hour)."""

    found: tuple[Pair, ...]
    first: str = ""
    last: str = ""


class Measures(msgspec.Struct, frozen=True, kw_only=True):
    """`moved` counts pairs off the resting rate; the ratio of medians (live over settled) is of those alone.

    Resting rates agree whatever the clock says; a wrong unit shows in the ratio (8, 100), a wrong hour in the
    correlation.
    """

    pairs: int
    moved: int
    correlation: float | None
    error_median_bps: Decimal
    error_p95_bps: Decimal
    ratio_of_medians: Decimal | None
    exact_share: Decimal


def measure(pairs: Sequence[Pair], resting: Decimal) -> Measures:
    """All figures of one comparison; the pairs must not be none at all."""
    errors = sorted(abs(live - settled) / BPS for live, settled in pairs)
    moved = [pair for pair in pairs if pair != (resting, resting)]
    exact = sum(1 for live, settled in pairs if live == settled)
    return Measures(
        pairs=len(pairs),
        moved=len(moved),
        correlation=correlation(pairs),
        error_median_bps=quantile(errors, Decimal("0.5")),
        error_p95_bps=quantile(errors, Decimal("0.95")),
        ratio_of_medians=ratio_of_medians(moved),
        exact_share=Decimal(exact) / len(pairs),
    )


def correlation(pairs: Sequence[Pair]) -> float | None:
    """Pearson's; None where one side does not vary."""
    if len(pairs) < 3:
        return None
    first, second = _centred(live for live, _ in pairs), _centred(settled for _, settled in pairs)
    spread = math.sqrt(math.fsum(x * x for x in first) * math.fsum(y * y for y in second))
    return math.fsum(x * y for x, y in zip(first, second, strict=True)) / spread if spread else None


def _centred(values: Iterable[Decimal]) -> list[float]:
    plain = [float(value) for value in values]
    mean = math.fsum(plain) / len(plain)
    return [value - mean for value in plain]


def ratio_of_medians(pairs: Sequence[Pair]) -> Decimal | None:
    """Median of the live rates' amounts over that of the settled ones; None where that is nothing."""
    if not pairs:
        return None
    live = quantile(sorted(abs(live) for live, _ in pairs), Decimal("0.5"))
    settled = quantile(sorted(abs(settled) for _, settled in pairs), Decimal("0.5"))
    return live / settled if settled else None


def quantile(ordered: Sequence[Decimal], share: Decimal) -> Decimal:
    """The value below which that share of the ordered values lies; no interpolation."""
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]
