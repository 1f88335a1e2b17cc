"""Every rule of a step can fail: a good run with one record altered breaks it."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import msgspec
import pytest

from actors.commands import SubmitOrder
from actors.messages import KillSwitchPulled, OrderUnresolved
from actors.pair_position.state import PairPosition
from engine.fuzzing.run import Moment, Run
from engine.fuzzing.steps import RULES, Violated, watched
from tests.engine.fuzzing.worlds import played

Moments = list[Moment]
replace = msgspec.structs.replace


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return played(tmp_path_factory.mktemp("calm") / "run")[0]


def sending(moments: Moments, *purposes: str) -> int:
    """Where the first order of a purpose leaves."""
    return next(at for at, moment in enumerate(moments) for order in orders(moment) if order.purpose in purposes)


def orders(moment: Moment) -> list[SubmitOrder]:
    return [command for command in moment.record.commands if isinstance(command, SubmitOrder)]


def with_order(moments: Moments, at: int, **changes: object) -> Moments:
    """The orders of one record altered."""
    commands = tuple(
        replace(command, **changes) if isinstance(command, SubmitOrder) else command
        for command in moments[at].record.commands
    )
    return with_record(moments, at, commands=commands)


def with_record(moments: Moments, at: int, **changes: object) -> Moments:
    altered = moments[at]._replace(record=replace(moments[at].record, **changes))
    return [*moments[:at], altered, *moments[at + 1 :]]


def with_pair(moments: Moments, at: int, change: Callable[[PairPosition], PairPosition]) -> Moments:
    """The pair that decided, altered in the states after one record."""
    name = moments[at].record.to
    pair = moments[at].states[name]
    assert isinstance(pair, PairPosition)
    altered = moments[at]._replace(states={**moments[at].states, name: change(pair)})
    return [*moments[:at], altered, *moments[at + 1 :]]


def before(moments: Moments, at: int, message: object) -> Moments:
    """A message to the same actor, heard right before."""
    told = moments[at - 1]
    record = replace(moments[at].record, message=message, commands=(), row="ignored", at_ns=told.record.at_ns)
    return [*moments[:at], told._replace(record=record), *moments[at:]]


def naked_at(moments: Moments) -> int:
    """Where a pair is first naked by its own step."""
    return next(
        at
        for at, moment in enumerate(moments)
        for pair in [moment.states.get(moment.record.to)]
        if isinstance(pair, PairPosition) and pair.naked
    )


def unwatched(pair: PairPosition) -> PairPosition:
    over = tuple(replace(order, place="CANCELED") for order in pair.orders)
    return replace(pair, timers=(), orders=over)


def doubted(moments: Moments) -> Moments:
    at = sending(moments, "close")
    told = OrderUnresolved(venue=orders(moments[at])[0].venue, order_id="a" * 32, detail="no answer")
    return before(moments, at, told)


def ended_otherwise(moments: Moments) -> Moments:
    at = next(a for a in range(len(moments) - 1, 0, -1) if moments[a].record.to.startswith("pair_position/"))
    return with_pair(
        moments, at, lambda pair: replace(pair, orders=(replace(pair.orders[0], place="REJECTED"), *pair.orders[1:]))
    )


def killed(moments: Moments) -> Moments:
    return before(moments, sending(moments, "taker"), KillSwitchPulled(by="operator", reason="a test"))


def sent_again(moments: Moments) -> Moments:
    at = sending(moments, "taker")
    return [*moments[: at + 1], *moments[at:]]


ALTERED: dict[str, Callable[[Moments], Moments]] = {
    "step_raised": lambda m: with_record(m, 3, fault="ValueError: no"),
    "naked_unwatched": lambda m: with_pair(m, naked_at(m), unwatched),
    "naked_unmeasured": lambda m: with_pair(m, naked_at(m), lambda pair: replace(pair, naked_ns=1)),
    "id_used_twice": sent_again,
    "outcome_changed": ended_otherwise,
    "resent_in_doubt": doubted,
    "purpose_reduces": lambda m: with_order(m, sending(m, "close"), reduce_only=False),
    "closes_too_much": lambda m: with_order(m, sending(m, "close"), size=Decimal(100)),
    "exposure_exceeded": lambda m: with_order(m, sending(m, "taker"), size=Decimal(100)),
    "opened_after_kill": killed,
    "emergency_adds": lambda m: with_record(m, sending(m, "taker"), place="EMERGENCY.closing"),
}


def test_a_good_run_breaks_no_rule_and_its_naked_time_is_measured(run: Run) -> None:
    watch = watched(run.moments, run.terms.policy)
    assert list(watch.ended.values()).count("FILLED") == len(run.orders()) > 3
    assert 0 < watch.longest_naked_ns < 5_000_000_000


@pytest.mark.parametrize("rule", RULES)
def test_a_step_that_breaks_a_rule_is_noticed(rule: str, run: Run) -> None:
    with pytest.raises(Violated) as broken:
        watched(ALTERED[rule](list(run.moments)), run.terms.policy)
    assert broken.value.rule == rule


def test_exposure_is_counted_from_the_books_of_the_pairs(run: Run) -> None:
    risk = replace(run.terms.policy.risk, venue_gross_most_usd=Decimal(8000))
    with pytest.raises(Violated, match=r"venue: 8999\.96 USD of 8000"):
        watched(run.moments, replace(run.terms.policy, risk=risk))
