"""The review of a long hold: what keeps a pair, what does not, and the end that nothing moves."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from msgspec.structs import replace

from actors.actor import Armed
from actors.board import Board, fold, market_key
from actors.commands import RaiseAlarm, Tell
from actors.domain import HOUR_NS, NS_PER_S, Venue
from actors.forecast import Series
from actors.messages import CloseAsked, Envelope, LinkLost, LinkUp, MarketSampled
from actors.policy import AutoClosePolicy, ScannerPolicy
from actors.risk import ROLE
from actors.risk.auto_close import Case, first_of
from actors.risk.longest_hold import patience_ns, renewal, stay
from actors.risk.quiet import is_quiet
from actors.risk.state import REVIEWED, Asked, RiskState, key_of
from tests.actors.known import LAST_RATE, seen
from tests.actors.risk.test_auto_close import OFF, case, leg, legs, rule_of, told
from tests.factories import ASSET, MAKER, PAIR, TAKER, quote, sample
from tests.playbook import START_NS

HOLD_S = 336 * 3600.0
GOOD, BAD = Decimal("0.00001"), Decimal("0.000001")
"""Funding an hour: 7.2 and 0.72 bps in 72 hours; 4 are needed."""


def with_rates(what: Case, short: Decimal, *, hours: int = 100) -> Case:
    """The short leg's market pays so much, the long one's nothing; both were seen until now."""
    series: dict[str, Series] = {
        market_key(TAKER, ASSET): seen(TAKER, short, hours, what.at_ns),
        market_key(MAKER, ASSET): seen(MAKER, Decimal(0), hours, what.at_ns),
    }
    return what._replace(board=replace(what.board, series=series))


def due(rate: Decimal = GOOD, later_s: float = HOLD_S, **scanner: Any) -> Case:
    """A pair held for as long as one decision counts, everything told anew; the last rate is expected to stay."""
    held = case(legs(), later_s=later_s, hold_most_h=Decimal(336))
    for fact in (sample(TAKER), sample(MAKER), quote(TAKER), quote(MAKER)):
        held = held._replace(board=fold(held.board, fact, held.at_ns))
    sure = ScannerPolicy(**{"confidence": Decimal(0), **scanner})
    return with_rates(held._replace(policy=replace(held.policy, scanner=sure, forecast=LAST_RATE)), rate)


def reason(what: Case) -> str:
    found = first_of(PAIR, what)
    assert found is not None
    return found.reason


def test_a_pair_is_closed_at_its_review_when_staying_is_not_worth_it() -> None:
    assert reason(due(BAD)) == (
        "hold_most: held for 336.0 h, not reviewed for 336.0 h: staying 72 h more is expected to bring 0.72 bps "
        "(funding 0.72, doubt -0.00, basis 0.00), needed 4 (limit 336)"
    )
    assert renewal(due(BAD)) == ""


def test_a_pair_stays_when_it_is_worth_it_and_the_entry_is_not_counted_again() -> None:
    """7.2 bps in 72 hours would never open it: the round trip costs more."""
    assert first_of(PAIR, due(GOOD)) is None
    assert renewal(due(GOOD)) == (
        "held for 336.0 h, not reviewed for 336.0 h: staying 72 h more is expected to bring 7.20 bps "
        "(funding 7.20, doubt -0.00, basis 0.00), needed 4; looked at again after 336 h"
    )


def test_the_least_that_an_entry_must_bring_is_the_least_that_staying_must() -> None:
    assert first_of(PAIR, due(GOOD, net_least_bps=Decimal("7.2"))) is None
    assert rule_of(first_of(PAIR, due(GOOD, net_least_bps=Decimal("7.21")))) == "hold_most"


def test_the_doubt_is_taken_off() -> None:
    sure, doubtful = stay(due()), stay(due(confidence=Decimal(1)))
    assert sure is not None
    assert doubtful is not None
    assert doubtful.doubt_bps > 0
    assert doubtful.brings_bps == sure.brings_bps - doubtful.doubt_bps


@pytest.mark.parametrize(("mark", "basis"), [("100.2", "-19.96"), ("99.8", "0.00")])
def test_a_pair_that_is_short_the_cheaper_leaves_while_the_difference_is_its_own(mark: str, basis: str) -> None:
    """Convergence takes back what leaving now would keep; what it might bring the other way is not counted."""
    apart = due()
    moved = apart._replace(board=fold(apart.board, sample(MAKER, mark), apart.at_ns))
    found = stay(moved)
    assert found is not None
    assert f"{found.basis_bps:.2f}" == basis
    assert (rule_of(first_of(PAIR, moved)) == "hold_most") is (mark == "100.2")


def rich(rate: Decimal, **scanner: Any) -> Case:
    """Held for an hour, and being flat now would bring about a tenth of a leg."""
    held = (leg(TAKER, "-10", cash_usd=Decimal(1000)), leg(MAKER, "10", cash_usd=Decimal(-900)))
    found = due(rate, later_s=3600, **scanner)
    limits = replace(found.policy.auto_close, profit_target_bps=Decimal(100))
    return found._replace(legs=held, policy=replace(found.policy, auto_close=limits))


def test_a_pair_that_has_reached_its_target_leaves_unless_staying_is_worth_it() -> None:
    """What it has earned is its own either way."""
    assert first_of(PAIR, rich(GOOD)) is None
    told_why = reason(rich(BAD))
    assert told_why.startswith("profit_target: being flat now would bring 9")
    assert "staying 72 h more is expected to bring 0.72 bps" in told_why


def test_a_target_is_taken_where_nobody_can_say_what_staying_brings_or_the_pair_was_asked_to_leave() -> None:
    assert "what staying would bring is not known" in reason(UNKNOWN["no rate"](rich(GOOD)))
    asked = replace(rich(GOOD).state, asked={PAIR: Asked(rule="divergence", at_ns=START_NS, urgent=False)})
    assert rule_of(first_of(PAIR, rich(GOOD)._replace(state=asked))) == "profit_target"


def test_before_its_time_nothing_is_reviewed() -> None:
    assert first_of(PAIR, due(BAD, later_s=HOLD_S - 1)) is None
    assert renewal(due(GOOD, later_s=HOLD_S - 1)) == ""


def test_where_the_review_is_off_none_is_held() -> None:
    off = due(BAD)
    policy = replace(off.policy, auto_close=replace(off.policy.auto_close, hold_most_h=Decimal(0)))
    assert first_of(PAIR, off._replace(policy=policy)) is None
    assert renewal(due()._replace(policy=policy)) == ""


UNKNOWN: dict[str, Any] = {
    "no rate": lambda what: what._replace(board=replace(what.board, series={})),
    "one rate": lambda what: what._replace(
        board=replace(what.board, series={market_key(TAKER, ASSET): what.board.series[market_key(TAKER, ASSET)]})
    ),
    "rates of before": lambda what: what._replace(
        board=replace(what.board, series=with_rates(due(later_s=HOLD_S - 2000), GOOD).board.series)
    ),
    "marks of two times": lambda what: what._replace(
        board=fold(fold(what.board, sample(MAKER), what.at_ns - 600 * NS_PER_S), sample(TAKER), what.at_ns)
    ),
    "no mark": lambda what: what._replace(board=replace(what.board, markets={})),
    "one leg": lambda what: what._replace(legs=what.legs[:1]),
}


@pytest.mark.parametrize("unknown", list(UNKNOWN.values()), ids=list(UNKNOWN))
def test_what_nobody_can_say_is_no_reason_to_stay(unknown: Any) -> None:
    """For as long as a scan and a price may take the answer is waited for, no longer."""
    patience_s = patience_ns(due()) / NS_PER_S
    waiting, over = due(later_s=HOLD_S + patience_s - 1), due(later_s=HOLD_S + patience_s)
    assert first_of(PAIR, unknown(waiting)) is None
    assert renewal(unknown(over)) == ""
    assert "what staying would bring is not known" in reason(unknown(over))


def test_the_end_is_no_question() -> None:
    """Worth it or not, reviewed an hour ago or not."""
    end_s = 2160 * 3600.0
    assert first_of(PAIR, due(GOOD, later_s=end_s - 1)) is None
    last = due(GOOD, later_s=end_s)
    assert reason(last) == "hold_longest: held for 2160.0 h (limit 2160)"
    fresh = tuple(replace(held, reviewed_ns=last.at_ns - HOUR_NS) for held in last.legs)
    assert rule_of(first_of(PAIR, last._replace(legs=fresh))) == "hold_longest"


def test_a_pair_that_was_asked_to_leave_is_not_asked_back() -> None:
    """It may be leaving already."""
    asked = due(GOOD)
    left = replace(asked.state, asked={PAIR: Asked(rule="divergence", at_ns=START_NS, urgent=False)})
    assert rule_of(first_of(PAIR, asked._replace(state=left))) == "hold_most"
    assert renewal(asked._replace(state=left)) == ""


# --- by the role -----------------------------------------------------------------------------------------------


def watching(what: Case) -> RiskState:
    positions = {key_of(held.venue, held.asset): held for held in what.legs}
    return replace(what.state, positions=positions, timers=(Armed("watch", 1),))


def sampled(state: RiskState, what: Case) -> tuple[RiskState, list[RaiseAlarm | Tell]]:
    """A mark of the long leg is told: the state after it, and what was said."""
    fact = sample(MAKER)
    assert isinstance(fact, MarketSampled)
    letter = Envelope(seq=1, at_ns=what.at_ns, to="risk", message=fact, cause=0)
    step = ROLE.step(state, letter, what.board, what.policy)
    return step.state, [command for command in step.commands if isinstance(command, RaiseAlarm | Tell)]


def test_a_review_is_told_once_and_gives_another_period() -> None:
    first = due()
    state, said = sampled(watching(first), first)
    assert said == [RaiseAlarm(severity="info", code=REVIEWED, text=f"{PAIR}: {renewal(first)}")]
    assert sorted(held.reviewed_ns for held in state.positions.values()) == [first.at_ns] * 2
    assert sampled(state, first)[1] == []
    later = due(BAD, later_s=2 * HOLD_S - 1)
    assert sampled(state, later)[1] == [], "not worth it, but not asked either"
    again = due(BAD, later_s=2 * HOLD_S)
    close = sampled(state, again)[1][-1]
    assert isinstance(close, Tell)
    assert isinstance(close.message, CloseAsked)
    assert "held for 672.0 h, not reviewed for 336.0 h" in close.message.reason


def test_a_review_is_of_its_own_pair_alone() -> None:
    """A name that begins with another's is another pair."""
    first = due()
    other = replace(first.legs[0], venue=Venue.DRIFT, holder=f"{PAIR}0")
    state = replace(watching(first), positions={**watching(first).positions, "drift:BTC": other})
    after, _ = sampled(state, first)
    assert after.positions["drift:BTC"].reviewed_ns == 0


def test_a_pair_that_leaves_for_another_reason_is_not_said_to_stay() -> None:
    limits = AutoClosePolicy(
        **{**OFF, "hold_most_h": Decimal(336), "liquidation_distance_least_fraction": Decimal("0.5")}
    )
    near = due()
    near = near._replace(policy=replace(near.policy, auto_close=limits), legs=legs(maker="95"))
    _, said = sampled(watching(near), near)
    assert [command.code for command in said if isinstance(command, RaiseAlarm)] == ["auto_close"]


def test_a_position_that_was_closed_and_opened_again_is_new() -> None:
    """Its review was another position's: what is held since is counted."""
    what = due(BAD)
    since = what.at_ns - HOUR_NS
    again = tuple(replace(held, since_ns=since, reviewed_ns=since - HOUR_NS) for held in what.legs)
    assert first_of(PAIR, what._replace(legs=again)) is None


def test_a_reviewed_pair_is_quiet_again_until_its_next_review_or_its_end_is_near() -> None:
    def quiet(held_h: int, reviewed_h: int) -> bool:
        what = due()
        told_legs = tuple(
            replace(
                held,
                since_ns=what.at_ns - held_h * HOUR_NS,
                reviewed_ns=what.at_ns - reviewed_h * HOUR_NS,
                liquidation_price=Decimal(1) if held.size > 0 else Decimal(1000),
            )
            for held in what.legs
        )
        keyed = tuple((key_of(held.venue, held.asset), held) for held in told_legs)
        return is_quiet(keyed, what.board, what.policy, what.at_ns)

    assert quiet(400, 1)
    assert quiet(1900, 300)
    assert not quiet(400, 330)
    assert not quiet(2100, 1)


def test_a_venue_that_is_down_at_the_review_is_waited_for_and_then_left() -> None:
    down = due()
    cut = told(down, LinkLost(venue=MAKER, reason="cut"), later_s=0)
    patience_s = patience_ns(down) / NS_PER_S
    assert first_of(PAIR, told(cut, later_s=patience_s - 1)) is None
    assert rule_of(first_of(PAIR, told(cut, later_s=patience_s))) == "hold_most"


@pytest.mark.parametrize("venue", [TAKER, MAKER])
def test_an_engine_that_was_away_at_the_review_waits_for_its_first_scan(venue: Venue) -> None:
    """What it had observed is old, and a link has just come up."""
    late = due(later_s=HOLD_S + 100 * 3600)
    back = told(late, LinkLost(venue=venue, reason="resumed"), LinkUp(venue=venue), later_s=7200)
    for fact in (sample(TAKER), sample(MAKER)):
        back = back._replace(board=fold(back.board, fact, back.at_ns))
    patience_s = patience_ns(back) / NS_PER_S
    assert stay(back) is None
    assert first_of(PAIR, told(back, later_s=patience_s - 1)) is None
    assert first_of(PAIR, with_rates(back, GOOD)) is None
    assert rule_of(first_of(PAIR, told(back, later_s=patience_s))) == "hold_most"


def test_the_board_has_the_rates_that_the_scanner_observed() -> None:
    """Nobody else is asked for them: an empty board knows nothing of staying."""
    assert Board().series == {}
