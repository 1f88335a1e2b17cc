"""Whether a held pair should make room for a better one: only beyond the cost of the change, and with doubts counted.

Pure. Counterparts: `actors.gates`, which judges the better one with the held one gone; `actors.flat_cost`, which says
what leaving costs; `actors.funding_scanner`, which asks.
"""

from __future__ import annotations

from decimal import Decimal

from actors.domain import Noun
from actors.expectation import Expectation
from actors.forecast import Outlook
from actors.policy import Policy


class Change(Noun, frozen=True, kw_only=True):
    """A held pair against a candidate, USD over the horizon; which may be of the same asset, on two other venues.

    `better_usd`: the candidate's net of its whole round trip, less the doubt; `held_usd`: what the held pair's funding
    still brings, with the doubt in its favour and its exit, which is due sooner or later, not counted.
    """

    better_usd: Decimal
    held_usd: Decimal
    cost_usd: Decimal
    factor: Decimal

    @property
    def worth_it(self) -> bool:
        """Whether the gain is more than so many times the cost of the change; never where the factor is 0."""
        return self.factor > 0 and self.better_usd - self.held_usd > self.factor * self.cost_usd

    def words(self) -> str:
        """For people."""
        return (
            f"expected {self.better_usd:.2f} USD against {self.held_usd:.2f} here, "
            f"the change costs {self.cost_usd:.2f} USD (asked: {self.factor} times that)"
        )


def change(
    better: Expectation, held: Outlook, held_notional_usd: Decimal, leaving_usd: Decimal, policy: Policy
) -> Change:
    """The change from a held pair (its outlook as it earns it) to a candidate; `leaving_usd`: being flat now."""
    doubts = policy.scanner.confidence
    hours = policy.scanner.horizon_h
    entry = better.entry_fees_usd + better.entry_slippage_usd
    return Change(
        better_usd=better.net_usd - doubts * better.rate_error_per_hour * hours * better.notional_usd,
        held_usd=(held.mean_per_hour + doubts * held.error_per_hour) * hours * held_notional_usd,
        cost_usd=leaving_usd + entry,
        factor=policy.costs.switching_factor,
    )
