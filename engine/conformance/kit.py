"""Runs the list of dialogues on one stand and keeps the verdicts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal

import msgspec
import trio
from rich.table import Table

from engine.conformance.dialogues import DIALOGUES, Dialogue, Lever
from engine.conformance.stand import LEAVE_S, Failed, Stand
from engine.errors import UserError
from engine.venues.transport import TransportError


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """What came of one dialogue. `detail` is what the venue did, why it failed, or why it was not run."""

    name: str
    rule: str
    outcome: Literal["passed", "failed", "not run"]
    detail: str
    seconds: float = 0.0


async def conform(
    stand: Stand, dialogues: Sequence[Dialogue] = DIALOGUES, tell: Callable[[Verdict], None] = lambda _: None
) -> tuple[Verdict, ...]:
    """Run every dialogue, each from a flat account to a flat account; `tell` hears each verdict as it comes.

    A dialogue after which the account cannot be cleaned fails, and so do all after it, unrun: nothing is piled on
    top of what is left. Cut off in the middle, it cleans up in bounded time; `stand.left` says what it could not.
    """
    verdicts: list[Verdict] = []
    stuck = ""
    for dialogue in dialogues:
        verdict = _verdict(dialogue, "not run", stuck or not_to_run(stand, dialogue))
        if not verdict.detail:
            verdict, stuck = await _one_or_nothing(stand, dialogue)
        verdicts.append(verdict)
        tell(verdict)
    return tuple(verdicts)


async def _one_or_nothing(stand: Stand, dialogue: Dialogue) -> tuple[Verdict, str]:
    """An interrupt, or a mistake of ours, must not leave a position behind."""
    try:
        return await _one(stand, dialogue)
    except BaseException as cut:
        with trio.move_on_after(LEAVE_S, shield=True):
            await stand.leave()
        cut.add_note(f"cut off in {dialogue.name!r}; {stand.left or 'nothing is left behind'}")
        raise


def not_to_run(stand: Stand, dialogue: Dialogue) -> str:
    """Why a dialogue cannot be run here; empty when it can."""
    if dialogue.adl and not stand.terms.has_adl:
        return "the venue has no auto-deleveraging"
    if dialogue.needs is not Lever.NONE and stand.levers is None:
        return f"needs {dialogue.needs}"
    return ""


async def _one(stand: Stand, dialogue: Dialogue) -> tuple[Verdict, str]:
    began_s = trio.current_time()
    try:
        detail = await dialogue.run(stand)
        verdict = _verdict(dialogue, "passed", detail)
    except (Failed, TransportError, UserError) as failed:
        verdict = _verdict(dialogue, "failed", str(failed))
    stuck = ""
    try:
        await stand.clean()
    except Failed as failed:
        stuck = f"after {dialogue.name!r} the account could not be cleaned: {failed}"
        verdict = _verdict(dialogue, "failed", f"{verdict.detail}; {stuck}")
    return msgspec.structs.replace(verdict, seconds=trio.current_time() - began_s), stuck


def table(title: str, verdicts: Sequence[Verdict]) -> Table:
    """The verdicts for people."""
    drawn = Table(title=title)
    for column in ("dialogue", "every venue", "verdict", "what came", "s"):
        drawn.add_column(column, justify="right" if column == "s" else "left", overflow="fold")
    for verdict in verdicts:
        drawn.add_row(verdict.name, verdict.rule, verdict.outcome, verdict.detail, f"{verdict.seconds:.1f}")
    return drawn


def _verdict(dialogue: Dialogue, outcome: Literal["passed", "failed", "not run"], detail: str) -> Verdict:
    return Verdict(name=dialogue.name, rule=dialogue.rule, outcome=outcome, detail=detail)
