"""`perp2perp fuzz`: its processes, its progress and its answer. Counterpart: `options`, what the command line takes.

What is found depends on the seeds alone: neither on the number of processes, nor on their order, nor on the hash seed.
Exit 0 when every seed holds, 1 with a failure, 2 for bad input.
"""

from __future__ import annotations

import hashlib
import os
import sys
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from decimal import Decimal
from multiprocessing import get_context
from pathlib import Path
from time import monotonic

import msgspec

from actors.domain import ZERO, Venue
from engine.errors import UserError
from engine.fuzzing.draw import draw
from engine.fuzzing.shrink import Budget
from engine.fuzzing.story import tell
from engine.fuzzing.trial import Failure, Measured, try_world

SEEDS_MOST = 100_000
AHEAD = 4
"""Seeds handed out to each process before their answers are taken."""
STORIES_MOST = 3
"""Failures that are made smaller and told; of each rule one before the second of any."""
STORY_MOST_S = 300.0
SHOW_EVERY_S = 2.0


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be tried. `ends_s` is of the monotonic clock; None is without an end. `to` keeps what fails."""

    seeds: range
    venues: tuple[Venue, ...]
    jobs: int
    ends_s: float | None = None
    to: Path | None = None


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What was found. `digest` is of the seeds' digests in order; `lost_or_doubled` counts seeds whose orders were.

    `complete` is false when the time ended before the seeds did.
    """

    seeds: int
    complete: bool
    digest: str
    market_hours: float
    messages: int
    orders: int
    crashes: int
    faults: dict[str, int]
    lost_or_doubled: int
    longest_naked_s: float
    longest_naked_seed: int
    naked_usd_s: Decimal
    left_to_a_person: int
    alarms: dict[str, int]
    failures: dict[int, Failure]
    stories: tuple[str, ...] = ()


# --- what was asked ----------------------------------------------------------------------------------------


def asked_of(seeds: str, *, minutes: float | None, jobs: int, venues: str | None, to: Path | None) -> Asked:
    """The request as asked for. Raises UserError for one that cannot be met."""
    if minutes is not None and not minutes > 0:
        raise UserError(f"--minutes {minutes:g}: give a positive number")
    if jobs < 0:
        raise UserError(f"--jobs {jobs}: give a number from 0 on")
    return Asked(
        seeds=seeds_of(seeds),
        venues=venues_of(venues),
        jobs=jobs or os.cpu_count() or 1,
        ends_s=None if minutes is None else monotonic() + minutes * 60,
        to=to,
    )


def seeds_of(text: str) -> range:
    """`A..B`, or one seed. Raises UserError."""
    first, dots, last = text.partition("..")
    try:
        low = int(first)
        high = int(last) if dots else low
    except ValueError:
        raise UserError(f"--seeds {text}: give two numbers as in 1..300, or one") from None
    if not 0 <= low <= high or high - low >= SEEDS_MOST:
        raise UserError(f"--seeds {text}: give numbers from 0 on, the smaller first, at most {SEEDS_MOST} of them")
    return range(low, high + 1)


def venues_of(text: str | None) -> tuple[Venue, ...]:
    """The venues a world may have, all when none is named. Raises UserError."""
    if text is None:
        return tuple(Venue)
    names = list(dict.fromkeys(part.strip() for part in text.split(",") if part.strip()))
    known = [venue.value for venue in Venue]
    unknown = [name for name in names if name not in known]
    if unknown or len(names) < 2:
        raise UserError(f"--venues {text}: give two or more of {', '.join(known)}")
    return tuple(venue for venue in Venue if venue.value in names)


# --- processes ---------------------------------------------------------------------------------------------


def _try(seed: int, venues: tuple[Venue, ...]) -> Measured:
    return try_world(draw(seed, venues))


def _tell(seed: int, failure: Failure, asked: Asked, ends_s: float) -> str:
    budget = Budget(ends_s=ends_s)
    return tell(draw(seed, asked.venues), failure, budget, repeating(seed, asked.venues), asked.to)


def repeating(seed: int, venues: tuple[Venue, ...]) -> str:
    """The command that repeats a seed."""
    named = "" if venues == tuple(Venue) else f" --venues {','.join(venue.value for venue in venues)}"
    return f"perp2perp fuzz --seeds {seed}..{seed}{named}"


def _leave_signals_to_the_parent() -> None:
    """An engine takes an interrupt for an operator's word; here it is one for the whole command."""
    os.setsid()


def fuzz(asked: Asked) -> Answer:
    """Try the seeds; progress goes to standard error."""
    pool = ProcessPoolExecutor(asked.jobs, get_context("spawn"), _leave_signals_to_the_parent)
    try:
        measured = list(_shown(_measured(pool, asked), asked))
        answer = summary(measured, complete=len(measured) == len(asked.seeds))
        return msgspec.structs.replace(answer, stories=_stories(pool, asked, answer.failures))
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def _measured(pool: ProcessPoolExecutor, asked: Asked) -> Iterator[Measured]:
    """In the order of the seeds, until the time is over."""
    waiting: list[Future[Measured]] = []
    for seed in asked.seeds:
        if _over(asked):
            break
        waiting.append(pool.submit(_try, seed, asked.venues))
        if len(waiting) >= AHEAD * asked.jobs:
            yield waiting.pop(0).result()
    for future in waiting:
        if _over(asked) and future.cancel():
            return
        yield future.result()


def _over(asked: Asked) -> bool:
    return asked.ends_s is not None and monotonic() > asked.ends_s


def _stories(pool: ProcessPoolExecutor, asked: Asked, failures: dict[int, Failure]) -> tuple[str, ...]:
    """The first failure of each rule, then further ones."""
    firsts: dict[str, int] = {}
    for seed, failure in failures.items():
        firsts.setdefault(failure.rule, seed)
    chosen = [*firsts.values(), *(seed for seed in failures if seed not in firsts.values())][:STORIES_MOST]
    if chosen:
        print(f"making {len(chosen)} of {len(failures)} failures smaller", file=sys.stderr)
    ends_s = min(asked.ends_s or monotonic() + STORY_MOST_S, monotonic() + STORY_MOST_S)
    futures = [pool.submit(_tell, seed, failures[seed], asked, ends_s) for seed in sorted(chosen)]
    return tuple(future.result() for future in futures)


def _shown(measured: Iterator[Measured], asked: Asked) -> Iterator[Measured]:
    """Says on standard error how far it is: at once when a seed fails, else every other second."""
    told_s, done, faults, crashes, naked_s, failed = monotonic(), 0, 0, 0, 0.0, 0
    for each in measured:
        done, crashes, faults = done + 1, crashes + each.crashes, faults + sum(each.faults.values())
        naked_s, failed = max(naked_s, each.longest_naked_s), failed + (each.failure is not None)
        if each.failure is not None:
            print(f"seed {each.seed} fails: {each.failure.rule}: {each.failure.text}", file=sys.stderr)
        if monotonic() - told_s >= SHOW_EVERY_S or done == len(asked.seeds):
            told_s = monotonic()
            print(
                f"{done}/{len(asked.seeds)} seeds, {faults:,} faults, {crashes} crashes, "
                f"longest naked {naked_s:.1f} s, {failed} failed",
                file=sys.stderr,
            )
        yield each


# --- the answer --------------------------------------------------------------------------------------------

LOST_OR_DOUBLED = ("doubled", "unrecorded", "no_outcome", "id_used_twice", "books_differ")


def summary(measured: list[Measured], *, complete: bool) -> Answer:
    """All seeds as one."""
    faults, alarms = Counter[str](), Counter[str]()
    for each in measured:
        faults.update(each.faults)
        alarms.update(each.alarms)
    worst = max(measured, key=lambda each: each.longest_naked_s, default=Measured(seed=0))
    failures = {each.seed: each.failure for each in measured if each.failure is not None}
    return Answer(
        seeds=len(measured),
        complete=complete,
        digest=hashlib.sha256(" ".join(each.digest for each in measured).encode()).hexdigest()[:16],
        market_hours=round(sum(each.market_s for each in measured) / 3600, 3),
        messages=sum(each.messages for each in measured),
        orders=sum(each.orders for each in measured),
        crashes=sum(each.crashes for each in measured),
        faults=dict(sorted(faults.items())),
        lost_or_doubled=sum(failure.rule in LOST_OR_DOUBLED for failure in failures.values()),
        longest_naked_s=worst.longest_naked_s,
        longest_naked_seed=worst.seed,
        naked_usd_s=sum((each.naked_usd_s for each in measured), ZERO).quantize(Decimal(1)),
        left_to_a_person=sum(each.left for each in measured),
        alarms=dict(sorted(alarms.items())),
        failures=failures,
    )


def told(answer: Answer) -> str:
    """The stories of what failed, then the table."""
    rows = [
        ("seeds", f"{answer.seeds}" + ("" if answer.complete else " (ended by --minutes)")),
        ("market hours", f"{answer.market_hours:.1f}"),
        ("messages", f"{answer.messages:,}"),
        ("orders", f"{answer.orders:,}"),
        ("crashes", f"{answer.crashes:,}"),
        ("faults", f"{sum(answer.faults.values()):,}"),
        *((f"  {kind}", f"{count:,}") for kind, count in answer.faults.items()),
        ("orders lost or doubled", f"{answer.lost_or_doubled}"),
        ("longest naked", f"{answer.longest_naked_s:.1f} s (seed {answer.longest_naked_seed})"),
        ("naked notional", f"{answer.naked_usd_s:,} USD s"),
        ("pairs left to a person", f"{answer.left_to_a_person}"),
        ("alarms", f"{sum(answer.alarms.values()):,}"),
        *((f"  {code}", f"{count:,}") for code, count in answer.alarms.items()),
        ("failures", f"{len(answer.failures)}"),
        *((f"  {rule}", _seeds_of(answer, rule)) for rule in _rules_of(answer)),
        ("digest of all journals", answer.digest),
    ]
    table = "".join(f"{name:24} {value}\n" for name, value in rows)
    return "\n".join((*answer.stories, table))


def _rules_of(answer: Answer) -> list[str]:
    return list(dict.fromkeys(failure.rule for failure in answer.failures.values()))


def _seeds_of(answer: Answer, rule: str) -> str:
    seeds = [seed for seed, failure in answer.failures.items() if failure.rule == rule]
    return f"{len(seeds)}: seeds {', '.join(map(str, seeds))}"
