"""What a pair was entered for, part by part: the forecast the ledger holds against what came of it.

Written by `actors.gates` when a candidate is judged, carried by `EntryAsked` into the journal, read by the ledger.
"""

from __future__ import annotations

from decimal import Decimal

from actors.domain import ZERO, Noun


class Expectation(Noun, frozen=True, kw_only=True):
    """The expected result of holding a pair for `horizon_h` hours, in USD; costs are positive figures of cost.

    `rate_per_hour` is the expected mean funding difference (earned: positive), `rate_error_per_hour` its standard
    error, both fractions of notional. `basis_usd` is what the convergence of the two marks is expected to bring
    (negative: cost). `notional_usd` is one leg's, `capital_usd` the margin of both legs.
    """

    horizon_h: Decimal
    notional_usd: Decimal
    capital_usd: Decimal
    rate_per_hour: Decimal
    rate_error_per_hour: Decimal
    funding_usd: Decimal
    entry_fees_usd: Decimal
    exit_fees_usd: Decimal
    entry_slippage_usd: Decimal
    exit_slippage_usd: Decimal
    basis_usd: Decimal = ZERO
    gas_usd: Decimal = ZERO

    @property
    def costs_usd(self) -> Decimal:
        """Fees, slippage and gas of the whole round trip."""
        fees = self.entry_fees_usd + self.exit_fees_usd
        return fees + self.entry_slippage_usd + self.exit_slippage_usd + self.gas_usd

    @property
    def net_usd(self) -> Decimal:
        """Funding and basis less the whole round trip."""
        return self.funding_usd + self.basis_usd - self.costs_usd
