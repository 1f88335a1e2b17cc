"""How much a market's price moves: squared hourly returns, smoothed. Pure, and small enough for a state.

The board remembers an hour of marks; this remembers weeks in five numbers. Counterpart: `actors.funding_scanner`, which
shows it each scan's mark; the gates and the collateral ask it how far a price may go.
"""

from __future__ import annotations

from decimal import Decimal
from functools import lru_cache

from actors.domain import HOUR_NS, ONE, ZERO, Noun
from actors.policy import GatesPolicy

STEP = Decimal("1E-18")
"""Variances are kept to this; the rest is noise."""
VARIANCE_MOST = ONE
"""Of one return: a price that doubled within the hour counts no more than that."""
DAY_H = Decimal(24)


class Swing(Noun, frozen=True, kw_only=True):
    """One market as it has moved: `variance_per_hour` is that of its returns, `mark` the one last compared with.

    `hours_seen`: how many returns of an hour (or of a longer gap) were counted.
    """

    mark: Decimal
    at_ns: int
    since_ns: int
    variance_per_hour: Decimal = ZERO
    hours_seen: int = 0


def observe(swing: Swing | None, mark: Decimal, at_ns: int, half_life_h: Decimal) -> Swing:
    """The state after one more mark (> 0). Nothing changes until an hour has passed since the one last compared with.

    A return over a gap counts as so many equal hours. Until the half-life is over it is a plain mean over time.
    """
    if swing is None:
        return Swing(mark=mark, at_ns=at_ns, since_ns=at_ns)
    elapsed_ns = at_ns - swing.at_ns
    if elapsed_ns < HOUR_NS:
        return swing
    variance = min((mark / swing.mark - ONE) ** 2 * HOUR_NS / elapsed_ns, VARIANCE_MOST)
    weight = max(_weight(elapsed_ns, half_life_h), Decimal(elapsed_ns) / (at_ns - swing.since_ns))
    known = swing.variance_per_hour
    return Swing(
        mark=mark,
        at_ns=at_ns,
        since_ns=swing.since_ns,
        variance_per_hour=(known + (variance - known) * weight).quantize(STEP),
        hours_seen=swing.hours_seen + 1,
    )


@lru_cache(maxsize=256)
def _weight(elapsed_ns: int, half_life_h: Decimal) -> Decimal:
    return ONE - Decimal(2) ** (-Decimal(elapsed_ns) / HOUR_NS / half_life_h)


def is_known(swing: Swing | None, policy: GatesPolicy) -> bool:
    """Whether enough hours were seen for the measured figure to count."""
    return swing is not None and swing.hours_seen >= policy.volatility_hours_least


def over_hours(swing: Swing | None, asset: str, hours: Decimal, policy: GatesPolicy) -> Decimal:
    """One standard deviation of the return over so many hours, a fraction; independent hours are assumed.

    Until `volatility_hours_least` hours were seen: the profile's figure for the asset, or for any other. A longer time
    than was seen moves at least by that figure: a calm day does not speak for a month.
    """
    assumed = policy.volatility_assumed.get(asset, policy.volatility_assumed_other) * (hours / DAY_H).sqrt()
    if swing is None or not is_known(swing, policy):
        return assumed
    measured = (swing.variance_per_hour * hours).sqrt()
    return measured if swing.hours_seen >= hours else max(measured, assumed)
