"""What a flattening came to, for people and programs: a row a market, what to do by hand, and whether all is flat.

Counterpart: `venue`, whose work is told here.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal

import msgspec
from rich import box
from rich.table import Table

from actors.domain import ZERO, Venue
from engine.flatten.closing import Market
from engine.flatten.venue import VenueWork
from engine.sizes import closed_by, plain, side_of

COLUMNS = ("venue", "asset", "before", "after", "attempts", "average price", "fee USD", "by hand")
PLAN = ("venue", "market", "side", "size", "order")
UNKNOWN = "?"
CENTS = Decimal("0.0001")


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One market. Sizes are signed base units, None where the venue did not tell; USD; `by_hand` empty when done."""

    venue: Venue
    asset: str
    before: Decimal | None
    after: Decimal | None
    attempts: int
    average_price: Decimal | None
    fee_usd: Decimal
    by_hand: str
    unresolved: tuple[str, ...] = ()


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """All of it. `troubles`: venues that were not seen to the end, and why; `looks`: nothing was to be sent."""

    rows: tuple[Row, ...]
    troubles: dict[Venue, str]
    all_flat: bool
    directory: str = ""
    looks: bool = False

    @property
    def done(self) -> bool:
        """What was asked for was done: all is flat; or, with `looks`, every venue told what it holds."""
        if self.looks:
            return not self.troubles and all(row.after is not None for row in self.rows)
        return self.all_flat


def outcome_of(works: Sequence[VenueWork], *, looks: bool, directory: str = "") -> Outcome:
    """From the venues' work; with `looks` nothing was sent, and flat is what holds nothing."""
    rows = tuple(_row(market, looks=looks) for work in works for market in work.markets.values())
    troubles = {work.venue: work.trouble for work in works if work.trouble}
    empty = all(market.absent or market.after == ZERO for work in works for market in work.markets.values())
    flat = not troubles and empty if looks else all(work.flat for work in works)
    return Outcome(rows=rows, troubles=troubles, all_flat=flat, directory=directory, looks=looks)


def _row(market: Market, *, looks: bool) -> Row:
    fills = tuple(market.fills.values())
    size = sum((fill.size for fill in fills), ZERO)
    worth = sum((fill.size * fill.price for fill in fills), ZERO)
    return Row(
        venue=market.venue,
        asset=market.asset,
        before=market.before,
        after=market.after,
        attempts=market.attempts,
        average_price=worth / size if size else None,
        fee_usd=sum((fill.fee_usd for fill in fills), ZERO),
        by_hand=(market.would() if market.after else "") if looks else _by_hand(market),
        unresolved=market.unresolved,
    )


def _by_hand(market: Market) -> str:
    """What is left to a person; also profit that a venue keeps until it is asked for."""
    last = market.last
    unsettled = last.unsettled_usd if last is not None and last.unsettled_usd else ZERO
    settle = f"settle {unsettled:.2f} USD of profit or loss at the venue" if abs(unsettled) >= 1 else ""
    return "; ".join(filter(None, (market.by_hand(), settle)))


# --- words -------------------------------------------------------------------------------------------------


def table(outcome: Outcome) -> Table:
    """The rows that say something: what was held, what was tried, what is left."""
    shown = Table(box=box.SIMPLE, pad_edge=False)
    for title in COLUMNS:
        shown.add_column(title, overflow="fold")
    for cells in _told(outcome):
        shown.add_row(*cells)
    return shown


def plan(outcome: Outcome) -> Table:
    """What would be sent, an order a line; first the venues of which that is not known."""
    shown = Table(box=box.SIMPLE, pad_edge=False)
    for title in PLAN:
        shown.add_column(title, overflow="fold")
    for venue, trouble in outcome.troubles.items():
        shown.add_row(venue.value, UNKNOWN, UNKNOWN, UNKNOWN, f"not known: {trouble}")
    for row in outcome.rows:
        if row.after:
            shown.add_row(row.venue.value, row.asset, closed_by(row.after), plain(abs(row.after)), row.by_hand)
    return shown


def _told(outcome: Outcome) -> Iterator[tuple[str, ...]]:
    for venue, trouble in outcome.troubles.items():
        yield (venue.value, "", UNKNOWN, UNKNOWN, "", "", "", f"look at the venue: {trouble}")
    for row in outcome.rows:
        if row.before != ZERO or row.after != ZERO or row.attempts or row.by_hand:
            yield _cells(row)


def _cells(row: Row) -> tuple[str, ...]:
    price = "" if row.average_price is None else plain(row.average_price.quantize(CENTS))
    fee = plain(row.fee_usd.quantize(CENTS)) if row.attempts else ""
    before, after = _size(row.before), _size(row.after)
    return (row.venue.value, row.asset, before, after, str(row.attempts), price, fee, row.by_hand)


def _size(size: Decimal | None) -> str:
    if size is None:
        return UNKNOWN
    return f"{side_of(size)} {plain(abs(size))}" if size else "flat"


def verdict(outcome: Outcome) -> str:
    """One sentence."""
    if outcome.looks:
        return _promise(outcome)
    if outcome.all_flat:
        return f"all flat: {len(outcome.rows)} markets, asked at the venues"
    left = [f"{row.venue.value}:{row.asset}" for row in outcome.rows if row.by_hand or row.after is None or row.after]
    words = [f"{venue.value} was not seen to the end" for venue in outcome.troubles]
    words += [f"left: {', '.join(left)}"] if left else []
    return f"NOT all flat: {'; '.join(words)}"


def _promise(outcome: Outcome) -> str:
    """The same for whoever only looked: nothing has gone wrong because something is held."""
    held = sum(1 for row in outcome.rows if row.after)
    words = f"dry run, nothing was sent: would close {held} position{'' if held == 1 else 's'}"
    words += f", and cancel our orders in {len(outcome.rows)} markets"
    unread = [venue.value for venue in outcome.troubles]
    return f"{words}; could NOT read {', '.join(unread)}" if unread else words


def markdown(outcome: Outcome, notes: Sequence[str]) -> str:
    """The page that stays beside the record."""
    lines = [f"# {verdict(outcome)}", "", "| " + " | ".join(COLUMNS) + " |", "|" + "---|" * len(COLUMNS)]
    lines += ["| " + " | ".join(cell.replace("|", "/") for cell in cells) + " |" for cells in _told(outcome)]
    unresolved = [f"- {row.venue.value} {row.asset}: order {each}" for row in outcome.rows for each in row.unresolved]
    lines += ["", "Orders whose outcome the venue never told (none was sent again):", *unresolved] if unresolved else []
    lines += ["", *(f"- {note}" for note in notes)]
    return "\n".join(lines) + "\n"
