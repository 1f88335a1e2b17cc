"""Prices of one time: when what two venues told may be compared. Pure; the one home of that question.

A price told a minute after another has moved meanwhile, and the move looks like a difference between the venues: a
basis to be earned, a profit, a divergence. What is not of one time is not measured.
Counterparts: `actors.pricing` (basis), `actors.gates` (divergence), `actors.flat_cost` (what closing brings) and
`actors.risk.measures` (divergence, profit target), which ask here before they compare.

Times are those of arrival, by the engine's clock (`Market.sampled_ns`, `Market.quoted_ns`): a venue's clock may be off,
and its word says when a price was made, not that it still held when ours was told.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from actors.domain import NS_PER_S
from actors.policy import Policy


def oldest_ns(at_ns: int, policy: Policy) -> int:
    """Prices from before that time are not used (`scanner.quote_age_most_s`)."""
    return at_ns - round(policy.scanner.quote_age_most_s * NS_PER_S)


def of_one_time(told_ns: Iterable[int], at_ns: int, policy: Policy) -> bool:
    """Whether prices told at these times may be compared at `at_ns`: none is too old, and no two were told further
    apart than `prices.told_within_s`. One price alone is only held to its age, none to nothing."""
    times = tuple(told_ns)
    if not times:
        return True
    return min(times) >= oldest_ns(at_ns, policy) and max(times) - min(times) <= policy.prices.told_within_s * NS_PER_S


def told_words(told_ns: Iterable[int], at_ns: int) -> str:
    """How far apart prices were told and how old they are, for people; at least one of them."""
    times = tuple(told_ns)
    if not min(times):
        return "a price was never told"
    apart_s, age_s = (Decimal(each) / NS_PER_S for each in (max(times) - min(times), at_ns - min(times)))
    return f"told {apart_s:.0f} s apart, the older {age_s:.0f} s ago"


def needed_words(policy: Policy) -> str:
    """What is asked of prices that are compared, for people."""
    return f"told within {policy.prices.told_within_s} s of one another and {policy.scanner.quote_age_most_s} s ago"
