"""What each leg of a pair held at the end of a journal, and what being flat would have cost then.

Our books, grown again from the recorded messages, and the venues' as they were told. Needs neither trio nor venues.
Counterpart: `engine.audit`, which tells it below a pair's orders.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

from actors.flat_cost import OpenLeg, flat_cost
from actors.pair_position.state import PairPosition
from actors.roles import role_name
from engine.core import Core
from engine.journal.errors import RecordUnreadable
from engine.journal.reader import read
from engine.replay import build_core, redecide
from engine.sizes import closed_by, plain, side_of


def holdings(path: Path, actor: str) -> Iterator[str]:
    """A line a leg: venue, side, size, and the order that would close it; then which leg goes first and why, and what
    being flat costs, where something is open. Nothing for an actor that is no pair.

    The books are those of today's code; where they are not what the run decided on, that is said first.
    """
    if role_name(actor) != "pair_position":
        return
    try:
        pair, same, core, at_ns = _pair_at_end(path, actor)
    except RecordUnreadable as error:
        yield f"  not told: {error}"
        return
    if pair is None:
        return
    if not same:
        yield "  by today's code, which counts otherwise than the run did (see `perp2perp replay`):"
    for leg in pair.legs:
        entered = pair.taker_side if leg is pair.taker else pair.taker_side.opposite
        was = side_of(Decimal(entered.sign))
        yield f"  {leg.venue.value}: {_held(leg.position, pair.asset, was if pair.orders_sent else '')}"
    yield from _closing_order(pair)
    if any(leg.position for leg in pair.legs):
        legs = [OpenLeg(leg.venue, pair.asset, leg.position) for leg in pair.legs]
        cost = flat_cost(legs, core.board, core.policy, at_ns)
        yield f"  being flat then would have cost {'what no quote of late tells' if cost is None else cost.words()}"


def _closing_order(pair: PairPosition) -> Iterator[str]:
    """Which leg goes first, and by which measures as of when the pair was last asked for less."""
    first = pair.leg(pair.first_to_close).venue.value
    if pair.orders_sent:
        yield f"  first to close: {pair.close_order or f'{first}, as configured'}"


def _pair_at_end(path: Path, actor: str) -> tuple[PairPosition | None, bool, Core, int]:
    """The pair after the last record, whether it is the state the run had (its last digest is the recorded one), and
    all else as it was then, and when that was."""
    reader = read(path)
    core, same, at_ns = build_core(reader.header), True, 0
    for record, decision in redecide(reader, core):
        at_ns = record.at_ns
        if record.to == actor:
            same = record.digest == decision.digest
    state = core.states.get(actor)
    return (state if isinstance(state, PairPosition) else None), same, core, at_ns


def _held(size: Decimal, asset: str, was: str) -> str:
    if not size:
        return f"flat{f', was {was}' if was else ''}"
    held = f"{side_of(size)} {plain(abs(size))} {asset}"
    return f"{held}; to close it by hand: {closed_by(size)} {plain(abs(size))}, reduce-only"
