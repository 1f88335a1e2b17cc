"""What a pair was entered for against what came of it: the difference by cause, adding up to the last digit.

The expectation is the one `EntryAsked` carried (`actors.expectation`); journals from before there was one hold its net
alone, and say so. Counterparts: `account`, which has the sums; `engine.report`, which shows this.
"""

from __future__ import annotations

from decimal import Decimal, localcontext

from actors.domain import HOUR_NS, ZERO, Noun
from actors.expectation import Expectation
from actors.pair_position.state import PairPosition
from engine.ledger.account import PairAccount
from engine.ledger.cost import GRAIN
from engine.ledger.entry import WIDE, Kind

PARTS = {Kind.PRICE: "basis", Kind.FEE: "fees", Kind.NAKED: "naked leg", Kind.FORCED: "forced fills"}
"""How kinds are called where they are of a whole pair."""


class Cause(Noun, frozen=True, kw_only=True):
    """By how much one thing made the result better (positive) or worse than expected, USD."""

    name: str
    usd: Decimal


class Explained(Noun, frozen=True, kw_only=True):
    """One closed pair: what was expected, what came, and why they differ. Money in USD.

    `recorded` is False where only the expected net is known: then `causes` are empty and `rest_usd` is None. Else
    `rest_usd` is what the causes leave unexplained of `difference_usd`, which must be nothing. `parts` are what came,
    by kind. `estimated_usd` of the result rests on prices nobody told.
    """

    pair: str
    recorded: bool
    expected_usd: Decimal
    realised_usd: Decimal
    difference_usd: Decimal
    held_h: Decimal
    horizon_h: Decimal | None
    causes: tuple[Cause, ...]
    parts: dict[str, Decimal]
    estimated_usd: Decimal
    rest_usd: Decimal | None


def explain(pair: PairPosition, account: PairAccount) -> Explained:
    """The result of a pair that has closed, by cause."""
    with localcontext(WIDE):
        expectation = account.expectation
        expected = pair.expected_net_usd if expectation is None else expectation.net_usd
        held_h = held_hours(pair)
        causes = () if expectation is None else tuple(_causes(expectation, account, held_h))
        difference = pair.net_usd - expected
        return Explained(
            pair=pair.actor,
            recorded=expectation is not None,
            expected_usd=expected,
            realised_usd=pair.net_usd,
            difference_usd=difference,
            held_h=held_h,
            horizon_h=None if expectation is None else expectation.horizon_h,
            causes=causes,
            parts={PARTS.get(kind, kind.value): account.total(kind) for kind in Kind if kind is not Kind.SETTLEMENT},
            estimated_usd=account.estimated_usd,
            rest_usd=difference - sum((cause.usd for cause in causes), ZERO) if causes else None,
        )


def held_hours(pair: PairPosition) -> Decimal:
    """From the first order until it was closed, hours."""
    return (Decimal(max(0, pair.arrived_ns - pair.entered_ns)) / HOUR_NS).quantize(GRAIN) if pair.entered_ns else ZERO


def _causes(expected: Expectation, account: PairAccount, held_h: Decimal) -> list[Cause]:
    total = account.total
    whole = expected.funding_usd
    in_time = (whole * held_h / expected.horizon_h).quantize(GRAIN) if expected.horizon_h else whole
    fees = expected.entry_fees_usd + account.became_taker_usd + total(Kind.FEE, "entry")
    found = {
        "funding rate differed": total(Kind.FUNDING) - in_time,
        "held shorter or longer": in_time - whole,
        "fees at entry": fees,
        "maker that became taker": -account.became_taker_usd,
        "fees at exit": expected.exit_fees_usd + total(Kind.FEE, "exit"),
        "slippage at entry": expected.entry_slippage_usd + total(Kind.SLIPPAGE, "entry"),
        "slippage at exit": expected.exit_slippage_usd + total(Kind.SLIPPAGE, "exit"),
        "basis": total(Kind.PRICE) - expected.basis_usd,
        "naked leg": total(Kind.NAKED),
        "forced fills": total(Kind.FORCED) + total(Kind.FEE, ""),
        "haircut": total(Kind.HAIRCUT),
        "estimates corrected": total(Kind.ESTIMATED),
        "gas (not booked)": expected.gas_usd,
    }
    return [Cause(name=name, usd=usd) for name, usd in found.items()]
