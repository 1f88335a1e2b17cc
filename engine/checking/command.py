"""`perp2perp check`: its options, its progress and its answer. Counterpart: `engine.cli`, which only passes them on.

Exit 0 when every world within the bounds holds every invariant, 1 with a counterexample, 2 for bad input.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from time import monotonic
from typing import Literal, NamedTuple

import msgspec

from actors.pair_position.state import LEGS
from engine.checking import diagram, playbook
from engine.checking.bounds import BEYOND, Bounds, policy_of
from engine.checking.decision import Shop
from engine.checking.planted import PLANTED, Bug, shop_with
from engine.checking.rest import judge
from engine.checking.search import Complaint, Found, expanding, search
from engine.errors import UserError

FIRSTS = (*LEGS, "both")
LARGEST = {"lots": 5, "faults": 5, "asks": 3, "attempts": 6, "gone": 1}
REPORTED_MOST = 5
"""Counterexamples that are told in full."""


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What a check found. `rest_moves_most` is the longest fair way to rest; it is known of a complete search only."""

    bounds: Bounds
    worlds: int
    moves: int
    levels: int
    complete: bool
    rest_moves_most: int
    complaints: tuple[str, ...]


class Checked(NamedTuple):
    """A check, its answer, and all that is needed to tell a counterexample."""

    answer: Answer
    found: Found
    complaints: tuple[Complaint, ...]
    shop: Shop


def bounds_of(
    *,
    lots: int,
    faults: int,
    asks: int,
    attempts: int,
    first: str,
    stale_ends: bool,
    worlds: int,
    beyond: bool = True,
    gone: int = 0,
) -> Bounds:
    """The bounds as asked for. Raises UserError for a value that cannot be explored."""
    asked = {"lots": lots, "faults": faults, "asks": asks, "attempts": attempts, "gone": gone}
    for name, value in asked.items():
        least = 1 if name in ("lots", "attempts") else 0
        if not least <= value <= LARGEST[name]:
            raise UserError(f"--{name} {value}: give a number from {least} to {LARGEST[name]}")
    if first not in FIRSTS:
        raise UserError(f"--first {first}: give one of {', '.join(FIRSTS)}")
    if worlds < 1:
        raise UserError(f"--worlds {worlds}: give a number from 1 on")
    chosen: Literal["taker", "maker", "both"] = first  # type: ignore[assignment]
    return Bounds(
        lots=lots,
        faults=faults,
        asks=asks,
        attempts=attempts,
        first=chosen,
        stale=stale_ends,
        beyond=BEYOND if beyond else (),
        gone=gone,
        worlds_most=worlds,
    )


def jobs_of(asked: int) -> int:
    """How many processes: those asked for, or one for each core. Raises UserError for less than none."""
    if asked < 0:
        raise UserError(f"--jobs {asked}: give a number from 0 on")
    return asked or os.cpu_count() or 1


def check(bounds: Bounds, jobs: int, *, bug: str = "", stop_at_first: bool = False, quiet: bool = False) -> Checked:
    """Explore, and judge. Progress goes to standard error."""
    show = None if quiet else _progress()
    with expanding(bounds, jobs, bug) as expand:
        found = search(bounds, expand, show=show, stop_at_first=stop_at_first)
    complaints, rest_moves = found.complaints, 0
    if found.complete:
        rest = judge(found.graph)
        complaints, rest_moves = complaints + rest.complaints, rest.moves_most
    policy = policy_of(bounds)
    answer = Answer(
        bounds=bounds,
        worlds=len(found.graph),
        moves=found.graph.edges,
        levels=found.levels,
        complete=found.complete,
        rest_moves_most=rest_moves,
        complaints=tuple(complaint.text for complaint in complaints),
    )
    return Checked(answer, found, complaints, shop_with(bug, policy) if bug else Shop(policy))


def _progress() -> Callable[[int, int, int], None]:
    """A line a level when it took a while: worlds so far, and how many a second."""
    began_s = told_s = monotonic()

    def show(level: int, worlds: int, left: int) -> None:
        nonlocal told_s
        now_s = monotonic()
        if now_s - told_s < 1.0 and left:
            return
        told_s = now_s
        per_s = worlds / max(now_s - began_s, 0.001)
        print(f"level {level}: {worlds:,} worlds, {left:,} to expand, {per_s:,.0f} worlds/s", file=sys.stderr)

    return show


# --- telling -----------------------------------------------------------------------------------------------


def told(checked: Checked, *, drawn: bool) -> str:
    """The answer for a person: what was proven, or each counterexample as a playbook (and a diagram)."""
    answer = checked.answer
    head = f"{answer.worlds:,} worlds, {answer.moves:,} moves, {answer.levels} levels ({_words(answer.bounds)})\n"
    if not checked.complaints:
        if not answer.complete:
            return f"{head}No counterexample, but the search was ended by --worlds: nothing is proven.\n"
        return (
            f"{head}Proven within these bounds: the invariants hold in every world, and every world comes to rest "
            f"within {answer.rest_moves_most} fair moves.\n"
        )
    parts = [head]
    for complaint in checked.complaints[:REPORTED_MOST]:
        parts.append(playbook.tell(checked.found, complaint, checked.shop))
        if drawn:
            parts.append(diagram.draw(complaint, playbook.stages(checked.found, complaint, checked.shop)))
    left = len(checked.complaints) - REPORTED_MOST
    if left > 0:
        parts.append(f"and {left} more: " + "; ".join(c.text for c in checked.complaints[REPORTED_MOST:]) + "\n")
    return "\n".join(parts)


def _words(bounds: Bounds) -> str:
    first = "either leg" if bounds.first == "both" else f"the {bounds.first} leg"
    stale = ", stale ends" if bounds.stale else ""
    stale += f", {', '.join(bounds.beyond)}" if bounds.beyond and bounds.faults else ""
    stale += ", a venue gone for good" if bounds.gone else ""
    return (
        f"{bounds.lots} lots, {bounds.faults} faults, {bounds.asks} asks, {bounds.attempts} attempts, "
        f"{first} closes first{stale}"
    )


# --- planted bugs ------------------------------------------------------------------------------------------


class Caught(msgspec.Struct, frozen=True, kw_only=True):
    """A planted bug and what found it; `complaint` is empty when nothing did."""

    bug: str
    doc: str
    lots: int
    faults: int
    asks: int
    worlds: int
    complaint: str


def catch(name: str, bug: Bug) -> Caught:
    """Search for one planted bug within its bounds."""
    bounds = bug.bounds()
    answer = check(bounds, 1, bug=name, stop_at_first=True, quiet=True).answer
    return Caught(
        bug=name,
        doc=bug.doc,
        lots=bounds.lots,
        faults=bounds.faults,
        asks=bounds.asks,
        worlds=answer.worlds,
        complaint=answer.complaints[0] if answer.complaints else "",
    )


def planted() -> tuple[Caught, ...]:
    """Search for every planted bug, each within its own bounds."""
    return tuple(catch(name, bug) for name, bug in PLANTED.items())


def planted_table(caught: tuple[Caught, ...]) -> str:
    """One line for each bug: the smallest bounds that find it, and by which complaint."""
    lines = [f"{'bug':34} lots faults asks  worlds  found by"]
    for each in caught:
        found = each.complaint or "NOT FOUND"
        lines.append(f"{each.bug:34} {each.lots:4} {each.faults:6} {each.asks:4} {each.worlds:7}  {found}")
    return "\n".join(lines) + "\n"
