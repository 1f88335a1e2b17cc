"""What a pair was entered for against what came of it: the difference by cause, adding up to the last digit.

What was expected is of the size that was asked for; the size both legs reached comes first among the causes, and all
others are told against what that size was to bring. The expectation is the one `EntryAsked` carried
(`actors.expectation`); journals from before there was one hold its net alone, and say so. Counterparts: `account`,
which has the sums; `engine.report`, which shows this.
"""

from __future__ import annotations

from decimal import Decimal, localcontext

from msgspec.structs import replace

from actors.domain import HOUR_NS, ZERO, Noun
from actors.expectation import Expectation
from actors.pair_position.state import PairPosition
from engine.ledger.account import AFTER_CLOSE, PairAccount
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
    """The result of a pair that has closed, by cause; gas, which its own books do not know, is in it."""
    with localcontext(WIDE):
        expectation = account.expectation
        expected = pair.expected_net_usd if expectation is None else expectation.net_usd
        held_h = held_hours(pair)
        causes = () if expectation is None else tuple(_causes(expectation, account, held_h))
        realised = pair.net_usd + account.total(Kind.GAS)
        difference = realised - expected
        return Explained(
            pair=pair.actor,
            recorded=expectation is not None,
            expected_usd=expected,
            realised_usd=realised,
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


def _causes(whole: Expectation, account: PairAccount, held_h: Decimal) -> list[Cause]:
    """First the size, then all else against what that size was to bring."""
    total, expected = account.total, _of_size(whole, account.held_share)
    funding = expected.funding_usd
    in_time = (funding * held_h / expected.horizon_h).quantize(GRAIN) if expected.horizon_h else funding
    fees = expected.entry_fees_usd + account.became_taker_usd + total(Kind.FEE, "entry")
    found = {
        "size differed": expected.net_usd - whole.net_usd,
        "funding rate differed": total(Kind.FUNDING) - total(Kind.FUNDING, "after") - in_time,
        "held shorter or longer": in_time - funding,
        "fees at entry": fees,
        "maker that became taker": -account.became_taker_usd,
        "fees at exit": expected.exit_fees_usd + total(Kind.FEE, "exit"),
        "slippage at entry": expected.entry_slippage_usd + total(Kind.SLIPPAGE, "entry"),
        "slippage at exit": expected.exit_slippage_usd + total(Kind.SLIPPAGE, "exit"),
        "basis": total(Kind.PRICE) - expected.basis_usd,
        "naked leg": total(Kind.NAKED),
        "forced fills": total(Kind.FORCED) + total(Kind.FEE, ""),
        "haircut": total(Kind.HAIRCUT) - total(Kind.HAIRCUT, "after"),
        AFTER_CLOSE: total(Kind.FUNDING, "after") + total(Kind.HAIRCUT, "after"),
        "estimates corrected": total(Kind.ESTIMATED),
        "gas (assumed)": expected.gas_usd + total(Kind.GAS),
    }
    return [Cause(name=name, usd=usd) for name, usd in found.items()]


def _of_size(whole: Expectation, share: Decimal) -> Expectation:
    """What a share of the size was to bring; gas is by transaction and stays."""
    if share == 1:
        return whole
    scaled = ("notional_usd", "capital_usd", "funding_usd", "entry_fees_usd", "exit_fees_usd", "basis_usd")
    slips = ("entry_slippage_usd", "exit_slippage_usd")
    return replace(whole, **{name: getattr(whole, name) * share for name in (*scaled, *slips)})
