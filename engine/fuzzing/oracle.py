"""Judges a run: does the journal replay, do the six invariants hold, are the books the venues' truth?

Counterparts: `steps` and `truth`, which hold the rules; `trial` and the tests' scenarios, which ask.
"""

from __future__ import annotations

from engine.fuzzing import journals, steps, truth
from engine.fuzzing.run import Run
from engine.fuzzing.steps import Violated, Watch, watched
from engine.replay import render_replay, replay

RULES: dict[str, str] = {
    "repeated": "the same seed writes the same bytes",
    "replayed": "the journal replays as it was decided",
    "ended": "the engine runs to its end, and can be gone on with",
    **steps.RULES,
    **truth.RULES,
    **journals.RULES,
}
"""Every rule by its name; those of the six invariants begin with their number."""


def check_run(run: Run) -> Watch:
    """All that must hold of any run. Raises Violated."""
    check_replay(run)
    return check_invariants(run)


def check_replay(run: Run) -> None:
    """The journal replays as it was decided. Raises Violated."""
    report = replay(run.directory)
    if not report.identical:
        seq = report.divergence.seq if report.divergence else 0
        raise Violated("replayed", render_replay(report).strip(), seq=seq)


def check_invariants(run: Run) -> Watch:
    """The invariants over every record of a run, and the books. Raises Violated for the first that does not hold."""
    watch = watched(run.moments, run.terms.policy)
    truth.check_no_part_failed(run)
    truth.check_orders_are_ours(run, watch.ended)
    truth.check_reductions_reduce(run)
    truth.check_settled_in_time(run)
    truth.check_ends_flat(run)
    truth.check_books_are_the_venues_truth(run)
    journals.check_broken_journal(run)
    return watch
