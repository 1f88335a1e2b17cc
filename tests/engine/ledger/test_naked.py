from __future__ import annotations

from decimal import Decimal

from actors.actor import Context
from actors.messages import DrainAsked
from actors.pair_position.state import PairPosition, with_leg
from engine.ledger.naked import gained_usd, standing
from tests.engine.ledger.runs import Booked, hedged
from tests.engine.recorded import MAKER, PAIR, POLICY, TAKER

D = Decimal


def seen(run: Booked, taker: str, maker: str) -> tuple[PairPosition, Context]:
    pair = run.core.states[PAIR]
    assert isinstance(pair, PairPosition)
    pair = with_leg(with_leg(pair, "taker", position=D(taker)), "maker", position=D(maker))
    return pair, Context(DrainAsked(reason="test"), run.at_ns, run.core.board, POLICY)


def test_equal_legs_stand_naked_in_nothing() -> None:
    assert standing(*seen(hedged(), "-0.5", "0.5")) is None


def test_a_difference_within_dust_is_not_naked() -> None:
    run = hedged()
    pair, context = seen(run, "-0.5", "0.5")
    within = with_leg(pair, "maker", position=D("0.5") - pair.dust)
    assert standing(within, context) is None
    beyond = with_leg(pair, "maker", position=D("0.499") - pair.dust)
    assert standing(beyond, context) is not None


def test_the_larger_leg_s_price_counts() -> None:
    run = hedged()
    run.quote(MAKER, "50000")
    first = standing(*seen(run, "-0.5", "0.2"))
    second = standing(*seen(run, "-0.2", "0.5"))
    assert first is not None
    assert second is not None
    assert (first.leg, first.net, first.price) == ("taker", D("-0.3"), D("60000.5"))
    assert (second.leg, second.net, second.price) == ("maker", D("0.3"), D("50000.5"))


def test_what_is_gained_is_the_net_size_times_the_price_s_move() -> None:
    run = hedged()
    before = standing(*seen(run, "-0.5", "0"))
    assert before is not None
    run.quote(TAKER, "60100")
    assert gained_usd(before, *seen(run, "-0.5", "0")) == D(-50)
