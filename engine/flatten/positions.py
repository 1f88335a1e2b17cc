"""The venues' own view of the accounts: positions and equity, for `perp2perp positions`. Nothing is sent.

The same way to the venues as `perp2perp flatten`; counterpart: `venue`, which looks. Open orders are not listed: no
adapter offers them all.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

import msgspec
from rich import box
from rich.console import Group
from rich.table import Table
from rich.text import Text

from actors.domain import Venue
from engine.flatten.venue import VenueWork
from engine.sizes import plain, side_of


class Position(msgspec.Struct, frozen=True, kw_only=True):
    """One position as its venue tells it; `size` in signed base units, prices and money in USD."""

    venue: Venue
    asset: str
    size: Decimal
    entry_price: Decimal | None
    liquidation_price: Decimal | None
    unrealized_usd: Decimal | None
    unsettled_usd: Decimal | None


class Account(msgspec.Struct, frozen=True, kw_only=True):
    """One account; the figures are None, and `trouble` says why, where the venue could not be read."""

    venue: Venue
    equity_usd: Decimal | None
    available_usd: Decimal | None
    trouble: str = ""


class Seen(msgspec.Struct, frozen=True, kw_only=True):
    """Everything the venues told."""

    positions: tuple[Position, ...]
    accounts: tuple[Account, ...]

    @property
    def whole(self) -> bool:
        """Whether every venue was read."""
        return not any(account.trouble for account in self.accounts)


def seen(works: Sequence[VenueWork]) -> Seen:
    """From works that only looked."""
    told = (market.last for work in works for market in work.markets.values())
    positions = tuple(
        Position(
            venue=report.venue,
            asset=report.asset,
            size=report.size,
            entry_price=report.entry_price,
            liquidation_price=report.liquidation_price,
            unrealized_usd=report.unrealized_usd,
            unsettled_usd=report.unsettled_usd,
        )
        for report in told
        if report is not None and (report.size or report.unsettled_usd)
    )
    return Seen(positions=positions, accounts=tuple(_account(work) for work in works))


def _account(work: VenueWork) -> Account:
    told = work.account
    if told is None:
        return Account(venue=work.venue, equity_usd=None, available_usd=None, trouble=work.trouble or "not told")
    money = (told.equity_usd, told.available_usd)
    return Account(venue=work.venue, equity_usd=money[0], available_usd=money[1], trouble=work.trouble)


def tables(found: Seen) -> Group:
    """For people: positions, then accounts."""
    held = _table("venue", "asset", "held", "entry", "liquidation", "unrealized USD", "unsettled USD")
    for each in found.positions:
        figures = (each.entry_price, each.liquidation_price, each.unrealized_usd, each.unsettled_usd)
        size = f"{side_of(each.size)} {plain(abs(each.size))}" if each.size else "flat"
        held.add_row(each.venue.value, each.asset, size, *map(_figure, figures))
    accounts = _table("venue", "equity USD", "available USD", "")
    for account in found.accounts:
        accounts.add_row(
            account.venue.value, _figure(account.equity_usd), _figure(account.available_usd), account.trouble
        )
    nothing = "no positions" if found.whole else "no positions at the venues that could be read"
    return Group(held if found.positions else Text(nothing), "", accounts)


def _figure(value: Decimal | None) -> str:
    return "" if value is None else plain(value.quantize(Decimal("0.0001")))


def _table(*titles: str) -> Table:
    table = Table(box=box.SIMPLE, pad_edge=False)
    for title in titles:
        table.add_column(title, overflow="fold")
    return table
