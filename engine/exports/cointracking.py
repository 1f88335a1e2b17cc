"""The ledger for CoinTracking's CSV import: realised profit and loss, funding and fees, one file a venue.

Columns are those of its import page for hand-made files, with the two optional ones that are used, and types those of
its page "Transaction Types" (cointracking.freshdesk.com/en/support/solutions/articles/29000042783; the page is undated
and lists margin and derivatives types by name): `Derivatives / Futures Profit` and `Derivatives / Futures Loss` for
what closing trades realised (average cost) and for funding received and paid, `Margin Fee` for trading fees, `Other
Fee` for other people's losses. That funding belongs under the derivatives types, and a rebate under profit, is how
importers of exchanges' statements do it; no page of CoinTracking's that says so was found: not verified. How any of
it is taxed is for a person to say. Gas is left out: it is an assumption, and paid from a wallet that knows better.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import msgspec

from engine.ledger.entry import Entry, Fill, Kind
from engine.ledger.figures import exact

COLUMNS = (
    *("Type", "Buy Amount", "Buy Currency", "Sell Amount", "Sell Currency", "Fee", "Fee Currency", "Exchange"),
    *("Trade-Group", "Comment", "Date", "Liquidity pool (optional)", "Tx-ID (optional)"),
)
PROFIT, LOSS = "Derivatives / Futures Profit", "Derivatives / Futures Loss"
MARGIN_FEE, OTHER_FEE = "Margin Fee", "Other Fee"


class Movement(msgspec.Struct, frozen=True):
    """One row to be: what came (positive) or went, and why."""

    at_ns: int
    venue: str
    usd: Decimal
    currency: str
    gained: str
    lost: str
    group: str
    comment: str
    reference: str


def movements(fills: tuple[Fill, ...], entries: tuple[Entry, ...]) -> Iterator[Movement]:
    """Realised results of fills, then funding, fees and haircuts of entries; nothing where no money moved."""
    currencies = {(fill.venue, fill.asset): fill.fee_currency for fill in fills}
    for fill in fills:
        if fill.realised_usd:
            yield _realised(fill)
    for entry in entries:
        currency = currencies.get((entry.venue, entry.asset), "USDC")
        if entry.kind is Kind.FUNDING:
            yield _moved(entry, currency, PROFIT, LOSS, "Funding", f"funding {entry.asset}")
        elif entry.kind is Kind.FEE:
            yield _moved(entry, currency, PROFIT, MARGIN_FEE, "Fees", f"{entry.liquidity} fee {entry.asset}")
        elif entry.kind is Kind.HAIRCUT:
            yield _moved(entry, currency, PROFIT, OTHER_FEE, "Socialised loss", f"socialised loss {entry.asset}")


def _realised(fill: Fill) -> Movement:
    marked = ", estimated" if fill.estimated else ""
    return Movement(
        at_ns=fill.at_ns,
        venue=fill.venue.value,
        usd=fill.realised_usd,
        currency=fill.fee_currency,
        gained=PROFIT,
        lost=LOSS,
        group=fill.pair.removeprefix("pair_position/"),
        comment=f"{fill.side.value} {exact(fill.size)} {fill.symbol or fill.asset}, average cost{marked}",
        reference=f"{fill.fill_id}-pnl" if fill.fill_id else f"record-{fill.seq}-pnl",
    )


def _moved(entry: Entry, currency: str, gained: str, lost: str, group: str, comment: str) -> Movement:
    return Movement(
        at_ns=entry.at_ns,
        venue=entry.venue.value,
        usd=entry.amount_usd,
        currency=currency,
        gained=gained,
        lost=lost,
        group=group,
        comment=f"{comment} {entry.pair.removeprefix('pair_position/') or 'held by no pair'}",
        reference=_reference(entry),
    )


def _reference(entry: Entry) -> str:
    """An id no other row has: money that was nobody's, and was found to be a pair's, stands in three of them."""
    told = f"{entry.reference or f'record-{entry.seq}'}-{entry.kind.value}"
    return told if entry.pair else f"{told}-record-{entry.seq}"


def row(movement: Movement) -> tuple[str, ...]:
    """The row of CoinTracking's columns."""
    amount = (exact(abs(movement.usd)), movement.currency)
    gained = movement.usd > 0
    return (
        movement.gained if gained else movement.lost,
        *(amount if gained else ("", "")),
        *(("", "") if gained else amount),
        *("", "", movement.venue.capitalize(), movement.group, movement.comment),
        datetime.fromtimestamp(movement.at_ns // 1_000_000_000, UTC).strftime("%Y-%m-%d %H:%M:%S"),
        "",
        movement.reference,
    )


def write(directory: Path, fills: tuple[Fill, ...], entries: tuple[Entry, ...]) -> dict[Path, int]:
    """Write `cointracking_<venue>.csv` for each venue with money moved; returns how many rows each has."""
    by_venue: dict[str, list[Movement]] = {}
    for movement in movements(fills, entries):
        by_venue.setdefault(movement.venue, []).append(movement)
    written = {}
    for venue, found in sorted(by_venue.items()):
        path = directory / f"cointracking_{venue}.csv"
        with path.open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file, quoting=csv.QUOTE_ALL, lineterminator="\n")
            writer.writerow(COLUMNS)
            writer.writerows(row(movement) for movement in sorted(found, key=lambda each: each.at_ns))
        written[path] = len(found)
    return written
