"""What `perp2perp fuzz` takes on the command line, and its help. Counterpart: `command`, imported when it is called."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import msgspec
from cyclopts import Parameter


def fuzz(
    *,
    seeds: Annotated[str, Parameter(help="Which worlds: 1..300, or one number.")] = "1..100",
    minutes: Annotated[float | None, Parameter(help="Begin no further seed after so many minutes.")] = None,
    jobs: Annotated[int, Parameter(help="Processes; 0 for one for each core. Changes no result.")] = 0,
    venues: Annotated[str | None, Parameter(help="Venues a world may have, as in lighter,drift; else all.")] = None,
    to: Annotated[Path | None, Parameter(help="Keep each told failure here: world, story, journal, its part.")] = None,
    json: Annotated[bool, Parameter(negative=(), help="Print one line of JSON for programs.")] = False,
) -> int:
    """Play the whole engine through random worlds, and hold it to what is true at the simulated venues.

    Each seed draws a world of some minutes: two to four venues, one to three assets, prices that slide and cascade,
    books that dry up, gaps, flips of funding, halted markets, ADL, liquidations, socialised losses, clocks that are
    wrong, every fault of a wire, an operator who closes, drains or kills, a disk that fills, and deaths of the engine
    between write and send, after which it goes on with its journal. Real adapters sign and speak each venue's own wire.

    Each is played twice. Then: both journals are the same byte for byte; the journal replays as it was decided; the six
    invariants hold after every step; no order is lost, doubled or filled beyond its size; the books hold what the
    venues hold, to the cent; and once faults stop, each pair is flat or hedged, or an alarm names what is left.

    A failure is made smaller: misfortunes are left out while it still fails the same way, then single strikes, then
    messages of the journal; what is left is told as a playbook (>> a message, << a command), with the command that
    repeats the seed. With --to DIR, DIR/seed-N/part is a journal for `perp2perp replay`. Progress goes to standard
    error. Exit 0: every seed held. Exit 1: one did not. Exit 2: bad input.
    """
    from engine.fuzzing import command

    answer = command.fuzz(command.asked_of(seeds, minutes=minutes, jobs=jobs, venues=venues, to=to))
    if json:
        sys.stdout.write(msgspec.json.encode(answer, enc_hook=str).decode() + "\n")
    else:
        sys.stdout.write(command.told(answer))
    return 1 if answer.failures else 0
