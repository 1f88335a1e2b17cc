"""Pauses after refusals: they grow, are bounded, and use up no attempt in vain."""

from __future__ import annotations

import msgspec

from actors.commands import RaiseAlarm, Tell
from actors.domain import NS_PER_S, Side
from actors.messages import DrainAsked
from actors.policy import Policy
from tests.actors.pair_position.scenes import Cues
from tests.factories import (
    MAKER,
    PAIR,
    TAKER,
    PairPlay,
    both_confirm,
    deleveraged,
    filled,
    pair_at,
    rejected,
    reported,
    twice,
)
from tests.playbook import fires
from tests.stories import BOTH_REFUSED


def wait_s(play: PairPlay, timer: str) -> float:
    """How long the timer that was just armed runs, seconds."""
    return (play.due_ns(timer) - play.at_ns) / NS_PER_S


def test_refused_trims_are_tried_again_ever_more_seldom_and_then_the_emergency_goes_on() -> None:
    play = pair_at("REDUCING.trimming")
    waits = []
    for _ in range(3):
        play.play(rejected()).at("REDUCING.pausing")
        waits.append(wait_s(play, "retry_pause"))
        play.play(fires("retry_pause")).at("REDUCING.trimming")
    assert waits == [3, 6, 12]
    assert [order.purpose for order in play.orders].count("trim") == 4
    play.play(rejected()).took("R5", "EMERGENCY.closing")


def test_the_pause_is_the_policy_s_and_no_longer_than_its_bound() -> None:
    policy = Policy()
    exits = msgspec.structs.replace(policy.exit, retry_pause_s=2.0, recheck_s=3.0)
    play = pair_at("REDUCING.trimming", msgspec.structs.replace(policy, exit=exits)).play(rejected())
    assert wait_s(play, "retry_pause") == 2
    assert wait_s(play.play(fires("retry_pause"), rejected()), "retry_pause") == 3


def test_a_pause_grows_with_the_orders_of_its_own_reduction_alone() -> None:
    """A reduction and a refused trim after it are two; the next reduction begins anew."""
    play = pair_at("REDUCING.first_leg").play(filled(), rejected()).at("REDUCING.pausing")
    assert wait_s(play, "retry_pause") == 6
    play.play(fires("retry_pause"), filled(), *both_confirm()).at("HEDGED.earning")
    play.play(deleveraged(TAKER, "2", Side.BUY), rejected()).at("REDUCING.pausing")
    assert wait_s(play, "retry_pause") == 3


def test_a_stranded_leg_is_tried_soon_and_then_ever_more_seldom_up_to_a_bound() -> None:
    play = pair_at("EMERGENCY.stranded")
    waits = [wait_s(play, "recheck")]
    for _ in range(4):
        play.play(fires("recheck"), *both_confirm()).at("EMERGENCY.closing")
        play.play(*BOTH_REFUSED).at("EMERGENCY.stranded")
        waits.append(wait_s(play, "recheck"))
    assert waits == [3, 6, 12, 24, 30]


def test_a_leg_that_somebody_else_closed_is_named_with_what_follows_and_how_trading_begins_again() -> None:
    gone: Cues = (*twice(reported(TAKER), reported(MAKER, "0")), *(fires("verify_retry"),) * 4)
    play = pair_at("HEDGED.rechecking").play(*gone).took("V16", "REDUCING.trimming")
    assert play.step is not None
    alarm = next(command for command in play.step.commands if isinstance(command, RaiseAlarm))
    for words in (f"{PAIR}: 10.0 BTC on pacifica is gone", "nothing more is opened", "`perp2perp run`"):
        assert words in alarm.text
    told = [command for command in play.step.commands if isinstance(command, Tell)]
    assert [(each.to, type(each.message)) for each in told] == [("engine_lifecycle", DrainAsked)]
