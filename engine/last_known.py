"""What a run held when its journal was last good, for a person whose engine refuses to go on with it.

The journal is folded up to its last good record, whatever stands behind that; nothing is decided, nothing is sent, and
nobody trades on it: the venues know better. Used by `engine.recovery` for its refusals.
"""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import msgspec

from actors.actor import ActorState
from actors.pair_position.state import PairPosition
from engine import remedies
from engine.errors import UserError
from engine.journal.errors import JournalError
from engine.journal.reader import JournalReader
from engine.replay import build_core, redecide
from engine.sizes import plain

HEADS = ("pair", "place", "venue", "size")


class Holding(msgspec.Struct, frozen=True, kw_only=True):
    """One leg by the books. `size` is signed, in base units of `asset`; `orders` of it may have been open."""

    pair: str
    place: str
    venue: str
    asset: str
    size: Decimal
    orders: int


class LastKnown(msgspec.Struct, frozen=True, kw_only=True):
    """The books after record `seq`, at `at_ns`; legs of closed pairs are left out."""

    seq: int
    at_ns: int
    holdings: tuple[Holding, ...]


def last_known(directory: Path) -> LastKnown | None:
    """The books as far as the journal is good; None when not even its beginning is."""
    try:
        reader = JournalReader(directory, head_ignored=True)
        core = build_core(reader.header)
    except UserError:
        return None
    seq = at_ns = 0
    try:
        for record, _ in redecide(reader, core):
            seq, at_ns = record.seq, record.at_ns
    except JournalError:
        pass  # what is wrong with the next record is what the refusal says
    return LastKnown(seq=seq, at_ns=at_ns, holdings=holdings_of(tuple(core.states.values())))


def holdings_of(states: tuple[ActorState, ...]) -> tuple[Holding, ...]:
    """Both legs of every pair that was not closed, in the order in which pairs were made."""
    pairs = (state for state in states if isinstance(state, PairPosition) and not state.place.startswith("CLOSED"))
    return tuple(
        Holding(
            pair=pair.actor,
            place=pair.place,
            venue=leg.venue.value,
            asset=pair.asset,
            size=leg.position,
            orders=sum(pair.leg(order.leg) is leg for order in pair.open_orders),
        )
        for pair in pairs
        for leg in pair.legs
    )


def words(directory: Path, profile: Path | None) -> str:
    """What was known last, as a table, and the commands that show and close what the venues hold."""
    known = last_known(directory)
    after = (
        f"the venues know what is held: `{remedies.positions(profile)}` shows it, "
        f"`{remedies.flatten_run(profile, directory)}` closes it"
    )
    if known is None:
        return f"nothing of it can be read; {after}"
    when = datetime.fromtimestamp(known.at_ns / 1e9, UTC).strftime("%Y-%m-%d %H:%M:%S")
    upto = f"up to its last good record ({known.seq}, {when} UTC)" if known.seq else "no record of it is good"
    if not known.holdings:
        return f"{upto}: no pair was open; {after}"
    return "\n".join((f"{upto}, its books held:", *table(known.holdings), after))


def table(holdings: tuple[Holding, ...]) -> tuple[str, ...]:
    """The legs in columns."""
    rows = [HEADS, *(_cells(holding) for holding in holdings)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEADS))]
    return tuple(
        "  " + "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    )


def _cells(holding: Holding) -> tuple[str, ...]:
    open_too = f", and {holding.orders} orders that may be open" if holding.orders else ""
    size = f"{plain(holding.size)} {holding.asset}{open_too}"
    return (holding.pair.rpartition("/")[2], holding.place, holding.venue, size)
