"""A venue that stays away for good: from some moment on it answers nothing, fills nothing, and its link is lost.

Then rest is less than elsewhere: hedged or flat as far as anybody can know, or an alarm stands that names what is left
while the leg that can still be reached is not naked. That its venue is silent is no matter of the pair: the link raises
the alarm of it, and risk asks the pair to close. Counterparts: `moves`, which plays it; `properties`, which asks.
"""

from __future__ import annotations

import msgspec

from actors.commands import AnyCommand, RaiseAlarm
from actors.pair_position.state import LEGS
from engine.checking.bounds import LOT
from engine.checking.world import World, changed

NAMING = ("leg_stranded", "attempts_failed", "order_in_doubt", "positions_unverified", "position_surprise")
"""Alarms that name a leg, an order or a position, and stand until the pair is at rest."""


def leg_gone(world: World) -> int:
    """The leg whose venue is gone; -1 while none is."""
    return LEGS.index(world.gone) if world.gone in LEGS else -1


def reached(world: World) -> bool:
    """Both links are up, that of a venue that is gone excepted."""
    gone = leg_gone(world)
    return all(up or leg == gone for leg, up in enumerate(world.links))


def without_venue(world: World, leg: int) -> World:
    """The world from that moment on: what was on its way there or from there never arrives."""
    left = tuple(flight for flight in world.flights if flight.leg != leg)
    return msgspec.structs.replace(world, gone=LEGS[leg], links=changed(world.links, leg, False), flights=left)


def noted(world: World, commands: tuple[AnyCommand, ...], at_rest: bool) -> World:
    """The world after a step: an alarm stands from the step that raises it until the pair is at rest."""
    if not world.gone:
        return world
    raised = any(isinstance(command, RaiseAlarm) and command.code in NAMING for command in commands)
    stands = raised or (world.alarmed and not at_rest)
    return world if stands == world.alarmed else msgspec.structs.replace(world, alarmed=stands)


def named(world: World) -> bool:
    """An alarm stands, and as far as the books know the leg that can be reached is flat, or hedged by the other."""
    legs = world.pair.legs
    reached = legs[1 - leg_gone(world)]
    return world.alarmed and (not reached.position or legs[0].position + legs[1].position == 0)


def untellable(world: World, leg: int) -> bool:
    """The venue is gone, and the books have all that our own orders did there: what others did, nobody can know."""
    if leg != leg_gone(world):
        return False
    both = zip(world.pair.orders, world.orders, strict=True)
    return all(order.filled == mine.filled * LOT for order, mine in both if order.leg == LEGS[leg])
