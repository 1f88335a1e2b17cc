"""The arithmetic of funding, as people do it by hand: pure formulas on fractions and USD.

Rates are fractions of notional (0.01 %/h is Decimal("0.0001")), money is USD. Used to check the ledger's sense against
worked examples; the engine's own forecast is `actors.gates`'.
"""

from __future__ import annotations

from decimal import Decimal

HOURS_A_DAY = 24
DAYS_A_YEAR = 365


def hourly(rate: Decimal, interval_h: int) -> Decimal:
    """A rate per interval as a rate per hour."""
    return rate / interval_h


def apr(rate_per_hour: Decimal) -> Decimal:
    """The simple yearly rate: nothing is put back to work."""
    return rate_per_hour * HOURS_A_DAY * DAYS_A_YEAR


def apy(rate_per_hour: Decimal, periods_a_year: int = HOURS_A_DAY * DAYS_A_YEAR) -> Decimal:
    """The yearly rate when what was earned is put back to work `periods_a_year` times (each hour, unless told)."""
    return (1 + apr(rate_per_hour) / periods_a_year) ** periods_a_year - 1


def daily_funding_usd(notional_usd: Decimal, received_per_day: Decimal, paid_per_day: Decimal = Decimal(0)) -> Decimal:
    """What a hedged pair of one leg's `notional_usd` earns a day, rates as fractions per day."""
    return notional_usd * (received_per_day - paid_per_day)


def net_usd(funding_usd: Decimal, *fees_usd: Decimal) -> Decimal:
    """Funding less fees."""
    return funding_usd - sum(fees_usd, Decimal(0))


def fees_usd(notional_usd: Decimal, *fractions: Decimal) -> Decimal:
    """The fees of fills that are each of `notional_usd`."""
    return notional_usd * sum(fractions, Decimal(0))


def break_even_hours(costs: Decimal, rate_per_hour: Decimal) -> Decimal:
    """How long funding takes to bring in `costs`, a fraction of the same notional. Raises ValueError without a rate."""
    if rate_per_hour <= 0:
        raise ValueError(f"a rate of {rate_per_hour} an hour never pays costs back")
    return costs / rate_per_hour
