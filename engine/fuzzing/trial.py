"""One seed tried: its world played twice, judged, and measured.

Counterparts: `oracle`, which judges; `shrink`, which plays parts of a world once each; `command`, which tries many.
"""

from __future__ import annotations

import hashlib
import tempfile
from collections import Counter
from decimal import Decimal
from pathlib import Path

import msgspec

from actors.domain import NS_PER_S, ZERO
from engine.errors import UserError
from engine.fuzzing import truth
from engine.fuzzing.faults import QUESTIONS_OF, kinds_of
from engine.fuzzing.lives import Lives, Overrun
from engine.fuzzing.oracle import check_run
from engine.fuzzing.run import Run
from engine.fuzzing.steps import Violated
from engine.fuzzing.world import World, play_of, terms_of
from engine.journal.record import JOURNAL_NAME
from engine.runtime import first_of
from engine.simulators.faults import Duplicate, Traffic
from engine.simulators.transport import SimulatedVenue

FAILED = (Violated, Overrun, UserError, AssertionError)


class Failure(msgspec.Struct, frozen=True, kw_only=True):
    """What did not hold. `rule` is one of `oracle.RULES`; `seq` the record that shows it, 0 when none does.

    `actor` and `order_id` are whom and what it is about, where that can be said.
    """

    rule: str
    text: str
    seq: int = 0
    actor: str = ""
    order_id: str = ""

    def same_as(self, other: Failure | None) -> bool:
        """Whether the other is the same failure, as far as one can tell."""
        return other is not None and other.rule == self.rule


class Measured(msgspec.Struct, frozen=True, kw_only=True):
    """A seed's figures. `market_s` is the market time played; `left` are pairs whose remainder an alarm names.

    `longest_naked_s` is the longest stretch for which any pair was naked, `naked_usd_s` the sum over all pairs.
    """

    seed: int
    digest: str = ""
    market_s: float = 0.0
    messages: int = 0
    orders: int = 0
    faults: dict[str, int] = {}
    crashes: int = 0
    longest_naked_s: float = 0.0
    naked_usd_s: Decimal = ZERO
    alarms: dict[str, int] = {}
    left: int = 0
    failure: Failure | None = None


class Played(msgspec.Struct, frozen=True, kw_only=True):
    """A world played once. `run` is there when it came to an end."""

    lives: Lives
    run: Run | None = None
    failure: Failure | None = None
    longest_naked_s: float = 0.0


def play_once(world: World, directory: Path) -> Played:
    """Play a world and judge it."""
    lives = Lives(play_of(world), directory)
    run = None
    try:
        _perform(lives)
        run = run_of(world, lives)
        watch = check_run(run)
    except FAILED as error:
        return Played(lives=lives, run=run, failure=failure_of(error))
    return Played(lives=lives, run=run, longest_naked_s=watch.longest_naked_ns / NS_PER_S)


def run_of(world: World, lives: Lives) -> Run:
    """A world's run, when it has ended."""
    return Run(
        terms_of(world, lives.reborn_s, lives.deaths),
        lives.directory,
        lives.engine,
        lives.alarms,
        spared_from=lives.spared_from,
        journal_broken=lives.broken,
        copies={venue: _copies(world, simulated) for venue, simulated in lives.simulated.items()},
    )


def _copies(world: World, simulated: SimulatedVenue) -> int:
    """How often a request to a venue that may have carried an order arrived once more."""
    asking = [(each.get("match", ""), each.get("contains", "")) for each in QUESTIONS_OF.values()]
    doubling = (
        (rule, rule.fault)
        for rule in world.rules
        if rule.traffic is Traffic.HTTP and (rule.match, rule.contains) not in asking
    )
    return sum(simulated.struck(rule.name) * fault.copies for rule, fault in doubling if isinstance(fault, Duplicate))


def _perform(lives: Lives) -> None:
    """What an engine raises is a finding too."""
    try:
        lives.perform()
    except BaseExceptionGroup as group:
        first = first_of(group)
        if not isinstance(first, Exception):
            raise
        raise Violated("ended", f"the engine raised {type(first).__name__}: {first}") from group


def failure_of(error: BaseException) -> Failure:
    """An error of a play or of the oracle as a finding."""
    if isinstance(error, Violated):
        return Failure(rule=error.rule, text=error.text, seq=error.seq, actor=error.actor, order_id=error.order_id)
    return Failure(rule="ended", text=f"{type(error).__name__}: {error}")


def try_world(world: World, scratch: Path | None = None) -> Measured:
    """Play a world twice, judge it, measure it; the journals lie in `scratch` while that takes.

    Both plays are in one place, one after the other: a journal that breaks says in its last records where it lies.
    """
    with tempfile.TemporaryDirectory(dir=scratch, prefix="perp2perp-fuzz-") as made:
        place = Path(made) / "played"
        first = play_once(world, place / "run")
        written = _journal(first)
        place.rename(Path(made) / "first")
        second = play_once(world, place / "run")
        steady = written.partition(str(place).encode())[0]  # what does not say where it lies
        return measure(world, first, _digest(steady), repeated=written == _journal(second))


def _journal(played: Played) -> bytes:
    return (played.lives.directory / JOURNAL_NAME).read_bytes()


def _digest(written: bytes) -> str:
    return hashlib.sha256(written).hexdigest()[:16]


def measure(world: World, played: Played, digest: str, *, repeated: bool) -> Measured:
    """The figures of a world that was played; `repeated`: a second time it wrote the same bytes."""
    failure = played.failure
    if not repeated:
        failure = Failure(rule="repeated", text="two plays wrote different journals")
    run, tally = played.run, played.lives.engine.tally
    pairs = run.pairs if run is not None else ()
    return Measured(
        seed=world.seed,
        digest=digest,
        market_s=max(0.0, (tally.at_ns - world.start_ns) / NS_PER_S),
        messages=tally.seq,
        orders=sum(tally.orders.values()),
        faults=dict(sorted(_struck(world, played.lives).items())),
        crashes=played.lives.deaths,
        longest_naked_s=played.longest_naked_s,
        naked_usd_s=sum((pair.naked_notional_usd_s for pair in pairs), ZERO),
        alarms=dict(sorted(Counter(alarm.code for alarm in played.lives.alarms).items())),
        left=sum(1 for pair in pairs if run is not None and truth.named(run, pair)),
        failure=failure,
    )


def _struck(world: World, lives: Lives) -> Counter[str]:
    """How often each kind of misfortune befell it; what befalls a market or is done counts once."""
    struck: Counter[str] = Counter()
    for name, kind in kinds_of(world.rules):
        times = sum(venue.struck(name) for venue in lives.simulated.values())
        if times:
            struck[kind] += times
    struck.update(str(part.__struct_config__.tag) for part in (*world.turns, *world.acts))
    if lives.spares:
        struck["full_disk"] = lives.spares
    return struck
