"""A counterexample drawn: a mermaid sequence diagram of the same events the playbook tells. Counterpart: `playbook`."""

from __future__ import annotations

from actors.commands import CancelAll, CancelOrder, QueryOrder, QueryPosition, RaiseAlarm, SubmitOrder
from actors.pair_position.state import LEGS
from engine.checking.bounds import VENUES
from engine.checking.playbook import Stage, happened, message_words, said
from engine.checking.search import Complaint
from engine.checking.world import Event

Sent = SubmitOrder | CancelOrder | CancelAll | QueryOrder | QueryPosition
PEOPLE = {"engine": "Engine", "taker": "Taker venue", "maker": "Maker venue"}


def draw(complaint: Complaint, played: list[Stage]) -> str:
    """The diagram: what venues tell as arrows to the engine, commands as arrows back, the rest as notes."""
    lines = ["sequenceDiagram", "    autonumber"]
    lines += [f"    participant {name} as {label}" for name, label in PEOPLE.items()]
    for number, stage in enumerate(played, 1):
        lines.append(f"    Note over engine: step {number}")
        for event in stage.move.events:
            lines += [f"    {line}" for line in _lines(event)]
    lines.append(f"    Note over taker,maker: {_plain(complaint.text)}")
    return "\n".join(lines) + "\n"


def _lines(event: Event) -> list[str]:
    if event.row:
        head = f"Note over engine: {_plain(f'{message_words(event.message)}: {event.row} to {event.place}')}"
        return [head, *(_command(command) for command in event.commands if isinstance(command, Sent | RaiseAlarm))]
    mark = " (fault)" if event.fault else ""
    if event.leg < 0:
        return [f"Note over engine: {_plain(happened(event) + mark)}"]
    arrow = f"{LEGS[event.leg]}->>engine" if event.what.startswith("arrives") else f"Note over {LEGS[event.leg]}"
    return [f"{arrow}: {_plain(happened(event) + mark)}"]


def _command(command: Sent | RaiseAlarm) -> str:
    if isinstance(command, RaiseAlarm):
        return f"Note over engine: {_plain(said(command))}"
    return f"engine->>{LEGS[VENUES.index(command.venue)]}: {_plain(said(command))}"


def _plain(text: str) -> str:
    """Text that mermaid reads as text: a semicolon or a hash would end it."""
    return text.replace(";", ",").replace("#", "no. ")
