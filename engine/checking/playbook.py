"""A counterexample told: every step, what the venues and the adversary did, and what the engine decided by which row.

Counterparts: `search`, which keeps only the numbers of the moves, and `diagram`, which draws the same events.
"""

from __future__ import annotations

from typing import NamedTuple

from actors.commands import (
    AdoptPosition,
    AnyCommand,
    CancelAll,
    CancelOrder,
    CancelTimer,
    QueryOrder,
    QueryPosition,
    RaiseAlarm,
    SetTimer,
    SubmitOrder,
    Tell,
)
from actors.messages import AnyMessage, PositionReported, TimerFired
from actors.pair_position.state import LEGS
from engine.checking.bounds import LOT, VENUES
from engine.checking.decision import Shop
from engine.checking.form import freeze, thaw
from engine.checking.moves import moves
from engine.checking.search import Complaint, Found
from engine.checking.world import Event, Flight, Move, Request, World, starts

WORDS = {
    "accepted": "order {order} is open",
    "filled": "a lot of order {order} filled",
    "done": "order {order} is over, {amount} filled in all ({word})",
    "rejected": "order {order} is refused ({word})",
    "denied": "order {order} was denied by our own screen",
    "unresolved": "the outcome of order {order} is unresolved",
    "unknown": "there is no order {order}",
    "cancel_rejected": "order {order} cannot be canceled",
    "answer": "order {order}: {fills} lots filled, {word}",
    "position": "the position is {amount}",
    "forced": "ADL took {amount}",
    "foreign": "a fill of no order of ours",
    "failed": "the question about the {word} failed",
    "submit": "order {order}",
    "cancel": "the cancel of order {order}",
    "cancel_all": "cancel everything",
    "query_order": "what became of order {order}?",
    "query_position": "what is our position?",
}
TITLES = {
    "0": "the step itself",
    "1": "a naked leg is watched",
    "2": "an order has one intent and one outcome",
    "3": "closing only reduces",
    "4": "exposure stays within the entry",
    "5": "an emergency is always answered, and never adds",
    "6": "when faults stop, the pair comes to rest",
}


class Stage(NamedTuple):
    """One move of a way: the world before it, what happened, the world it led to."""

    before: World
    move: Move


def stages(found: Found, complaint: Complaint, shop: Shop) -> list[Stage]:
    """Play the way to a complaint again. Order numbers are those of the world before each move."""
    start, *way = found.graph.way_to(complaint.world)
    if complaint.move >= 0:
        way.append(complaint.move)
    world = thaw(freeze(starts(found.bounds)[start], shop.policy))
    played = []
    for number in way:
        move = next(move for at, move in enumerate(moves(shop, found.bounds.lots, world)) if at == number)
        played.append(Stage(world, move))
        world = thaw(freeze(move.world, shop.policy))
    return played


def tell(found: Found, complaint: Complaint, shop: Shop) -> str:
    """The playbook of a complaint: its title, the numbered steps, and where it ends."""
    played = stages(found, complaint, shop)
    end = played[-1].move.world if played else starts(found.bounds)[0]
    lines = [
        f"Invariant {complaint.text[0]} ({TITLES[complaint.text[0]]}) does not hold: {complaint.text[2:]}",
        f"{len(played)} steps, {faults_of(played)} of {found.bounds.faults} faults; sizes are in lots.",
        "",
    ]
    for number, stage in enumerate(played, 1):
        lines += _stage_lines(number, stage)
    lines += ["", *_end_lines(end)]
    return "\n".join(lines) + "\n"


def faults_of(played: list[Stage]) -> int:
    """How many faults the adversary has paid for."""
    return sum(event.fault for stage in played for event in stage.move.events)


def _stage_lines(number: int, stage: Stage) -> list[str]:
    lines: list[str] = []
    for event in stage.move.events:
        head = f"{number:>3}. " if not lines else "     "
        lines += [head + line if at == 0 else "     " + line for at, line in enumerate(event_lines(event))]
    return lines


def event_lines(event: Event) -> list[str]:
    """One event in words; a decision takes a line for itself and one for each command."""
    if event.row:
        return [
            f"  engine, {message_words(event.message)}: row {event.row} -> {event.place}",
            *(f"    << {said(command)}" for command in event.commands if said(command)),
        ]
    mark = "  [fault]" if event.fault else ""
    return [f"{who(event)}: {happened(event)}{mark}"]


def who(event: Event) -> str:
    """Who did it."""
    if event.what == "time passes":
        return "clock"
    if event.what.startswith("asks"):
        return "engine" if event.leg < 0 else "operator"
    if event.leg < 0:
        return "network"
    return f"{LEGS[event.leg]} venue"


def happened(event: Event) -> str:
    """What an event outside the engine was."""
    subject = "" if event.subject is None else f" -- {flight_words(event.subject)}"
    amount = f" ({event.amount})" if event.amount else ""
    return f"{event.what}{amount}{subject}"


def flight_words(subject: Flight | Request) -> str:
    """What is in flight, in words."""
    fields = {"order": subject.order, "amount": 0, "word": "", "fills": 0}
    if isinstance(subject, Flight):
        fields |= {"amount": subject.amount, "word": subject.word, "fills": len(subject.fills)}
    return WORDS[subject.kind].format(**fields)


def said(command: AnyCommand) -> str:
    """A command in words; nothing for what only concerns timers being forgotten."""
    match command:
        case SubmitOrder():
            only = ", reduce-only" if command.reduce_only else ""
            lots = int(command.size) / LOT
            return f"{command.purpose} order on the {_leg(command)} venue: {command.side.value} {lots:g}{only}"
        case CancelOrder():
            return f"cancel an order on the {_leg(command)} venue"
        case CancelAll():
            return f"cancel everything on the {_leg(command)} venue"
        case QueryOrder():
            return f"ask the {_leg(command)} venue for an order"
        case QueryPosition():
            return f"ask the {_leg(command)} venue for our position"
        case SetTimer():
            return f"arm {command.timer}"
        case AdoptPosition():
            return f"the books follow the {_leg(command)} venue: {int(command.size) / LOT:g}"
        case RaiseAlarm():
            return f"ALARM {command.code}"
        case Tell():
            return f"tell {command.to}: {type(command.message).__name__}"
        case CancelTimer():
            return ""
        case _:
            return type(command).__name__


def _leg(command: SubmitOrder | CancelOrder | CancelAll | QueryOrder | QueryPosition | AdoptPosition) -> str:
    return LEGS[VENUES.index(command.venue)]


def message_words(message: AnyMessage | None) -> str:
    """The message a decision was about, by name."""
    match message:
        case None:
            return ""
        case TimerFired():
            return f"{message.timer} fires"
        case PositionReported():
            return f"PositionReported {int(message.size) / LOT:g}"
        case _:
            return type(message).__name__


def _end_lines(end: World) -> list[str]:
    pair = end.pair
    orders = [
        f"  order {at}: {order.purpose}, {order.place}, "
        f"books {int(order.filled) / LOT:g} of {int(order.size) / LOT:g}; "
        f"at its venue {mine.status}, {mine.filled} filled"
        for at, (order, mine) in enumerate(zip(pair.orders, end.orders, strict=True))
    ]
    books = ", ".join(f"{int(leg.position) / LOT:g}" for leg in pair.legs)
    truth = ", ".join(str(lots) for lots in end.positions)
    flying = [f"  in flight: {flight_words(flight)}" for flight in end.flights]
    return [f"In the end: {pair.place}; books {books}; at the venues {truth}.", *orders, *flying]
