"""The chart of the risk role: when openings are allowed, when positions are looked at, who is told."""

from __future__ import annotations

from decimal import Decimal

import pytest
from msgspec.structs import replace

from actors.board import fold
from actors.commands import RaiseAlarm, Tell
from actors.domain import Liquidity, MarketStatus, Side, Venue
from actors.messages import (
    ActorFaulted,
    AdlLevelEstimated,
    CloseAsked,
    DrainAsked,
    EmergencyAsked,
    HoldOpeningsAsked,
    InstrumentListed,
    KillSwitchPulled,
    LimitAsked,
    LinkLost,
    LinkUp,
    OrderFilled,
    PositionReported,
    RearmAsked,
    ResumeOpeningsAsked,
)
from actors.policy import AdlPolicy, AutoClosePolicy, Policy
from actors.risk import ROLE, RiskState
from actors.risk.books import DAY_NS
from actors.risk.state import Asked, key_of
from tests.actors.risk.orders import RiskPlay, limited, order, send, watching
from tests.actors.risk.test_books import fill, over, position
from tests.actors.rows import Story, never_taken, not_rows, row_of
from tests.factories import (
    ASSET,
    MAKER,
    PAIR,
    TAKER,
    account,
    board_of,
    deleveraged,
    instrument,
    liquidated,
    market_facts,
    sample,
)
from tests.playbook import START_NS, Cue, fires, later, like

KILL = KillSwitchPulled(by="operator", reason="fire")
DRAIN = DrainAsked(reason="end")
FAULT = ActorFaulted(error="KeyError")
EMERGENCY = like(Tell, to="pairs", message=like(EmergencyAsked, reason="fire"))
KILLED = like(RaiseAlarm, code="kill_switch", severity="critical")
FAULTED = like(RaiseAlarm, code="actor_fault", severity="critical")
WATCH = fires("watch")
TOLD = like(RaiseAlarm, code="auto_close", severity="warning")
CLOSING = like(Tell, to=PAIR, message=like(CloseAsked))
LOST = like(RaiseAlarm, code="daily_loss", severity="critical")
DRAINED = like(Tell, to="engine_lifecycle", message=like(DrainAsked))
HOLD = HoldOpeningsAsked(command_id="1", by="Ann", reason="news")
RESUME = ResumeOpeningsAsked(command_id="2", by="Ann", reason="over")
REARM = RearmAsked(command_id="3", by="Ann", reason="looked at", market=key_of(TAKER, ASSET))
HELD = like(RaiseAlarm, code="openings_held", severity="warning")
RESUMED = like(RaiseAlarm, code="openings_resumed", severity="info")
DISARMED = like(RaiseAlarm, code="repeated_executions", severity="critical")
ARMED = like(RaiseAlarm, code="rearmed", severity="info")
LOWERED = like(RaiseAlarm, code="limit_set", severity="info")
NOT_DONE = like(RaiseAlarm, code="person_refused", severity="warning")


def limit(value: str) -> LimitAsked:
    return LimitAsked(command_id="4", by="Ann", reason="calm", limit="total_gross_most_usd", value=Decimal(value))


def ranked(rank: str, size: str = "10") -> PositionReported:
    return PositionReported(venue=TAKER, asset=ASSET, size=Decimal(size), venue_at_ns=START_NS, adl_rank=Decimal(rank))


def holding(*more: Cue[RiskState]) -> RiskPlay:
    play = watching()
    assert send(play, order("10")) is None
    return play.play(fill("10"), *more)


def near_liquidation(price: str = "96", *, size: str = "10") -> PositionReported:
    """Four per cent of the mark are left, by the venue's word."""
    return PositionReported(
        venue=TAKER, asset=ASSET, size=Decimal(size), venue_at_ns=START_NS, liquidation_price=Decimal(price)
    )


def level(number: int) -> object:
    return like(Tell, to=PAIR, message=like(AdlLevelEstimated, level=number, venue=TAKER))


STORIES: dict[str, Story] = {
    "K1": lambda: (sent() >> fill("4")).at("WATCHING.holding"),
    "K2": lambda: (holding(position("0")) >> fill("1")).at("WATCHING.holding"),
    "K3": lambda: (watching() >> position("10")).at("WATCHING.holding"),
    "K4": lambda: (holding() >> ranked("0.7") << level(4)).at("WATCHING.holding"),
    "K11": lambda: (holding(near_liquidation("94")) >> later(400, sample(TAKER, "98")) << TOLD << CLOSING).at(
        "WATCHING.holding"
    ),
    "K4: near its liquidation": lambda: (holding() >> near_liquidation() << TOLD << CLOSING).at("WATCHING.holding"),
    "K13: near its liquidation": lambda: _asked(58).play(WATCH) >> WATCH << CLOSING,
    "K12: near its liquidation": lambda: (
        (lost("-51").play(near_liquidation()) >> later(61, WATCH)) << CLOSING << LOST << DRAINED
    ),
    "K12": lambda: (lost("-51") >> WATCH << LOST << DRAINED).at("RESTRICTED"),
    "K12: while openings are held": lambda: (lost("-51", HOLD) >> WATCH << LOST << DRAINED).at("RESTRICTED"),
    "K13": lambda: (holding(ranked("0.1"), WATCH) >> WATCH).at("WATCHING.holding"),
    "K14": lambda: (holding(ranked("0.9"), KILL) >> deleveraged(TAKER, "1", Side.SELL) << level(5)).at("KILLED"),
    "K15": lambda: (holding(KILL) >> ranked("0.9") << level(5)).at("KILLED"),
    "K16": lambda: (holding(ranked("0.9"), KILL) >> WATCH << level(5)).at("KILLED"),
    "K17": lambda: (holding(KILL, WATCH) >> WATCH).at("KILLED"),
    "K5": lambda: (holding(position("0")) >> WATCH).at("WATCHING.idle"),
    "K5: also after a loss": lambda: (lost("-51").play(position("0")) >> WATCH).at("WATCHING.idle"),
    "K6": lambda: (holding(ranked("0.9")) >> WATCH << level(5)).at("WATCHING.holding"),
    "K6: nothing held, but the run is ending": lambda: (holding(position("0"), DRAIN) >> WATCH).at("RESTRICTED"),
    "K7": lambda: (watching() >> DRAIN).at("RESTRICTED"),
    "K8": lambda: (holding() >> KILL << KILLED << EMERGENCY).at("KILLED"),
    "K8: while the run is ending": lambda: (watching().play(DRAIN) >> KILL << KILLED << EMERGENCY).at("KILLED"),
    "K9": lambda: (watching().play(KILL) >> KILL << EMERGENCY).at("KILLED"),
    "K18": lambda: (holding() >> HOLD << HELD << like(Tell, to="board", message=HOLD)).at("PAUSED"),
    "K19": lambda: (holding(HOLD) >> RESUME << RESUMED).at("WATCHING.holding"),
    "K20": lambda: (holding(DRAIN) >> RESUME << NOT_DONE).at("RESTRICTED"),
    "K20: killed": lambda: (holding(KILL) >> RESUME << NOT_DONE).at("KILLED"),
    "K2: opened too often": lambda: (twice() >> fill("10", "again", "again") << DISARMED).at("WATCHING.holding"),
    "K1: opened too often": lambda: (too_often() >> fill("10") << DISARMED).at("WATCHING.holding"),
    "K1: claimed, and no fill told": lambda: (sent() >> over("10")).at("WATCHING.holding"),
    "K2: claimed, opened too often": lambda: (twice() >> over("10", "again") << DISARMED).at("WATCHING.holding"),
    "K6: opened too often while killed": lambda: too_often().play(KILL, fill("10"), FAULT) >> WATCH << DISARMED,
    "K13: opened too often while killed": lambda: too_often().play(KILL, WATCH, fill("10"), FAULT) >> WATCH << DISARMED,
    "K21": lambda: (too_often().play(fill("10")) >> REARM << ARMED).at("WATCHING.holding"),
    "K22": lambda: (holding() >> REARM << NOT_DONE).at("WATCHING.holding"),
    "K23": lambda: (holding() >> limit("100") << LOWERED).at("WATCHING.holding"),
    "K24": lambda: (holding() >> limit("400000.01") << NOT_DONE).at("WATCHING.holding"),
    "K10": lambda: (holding() >> FAULT << FAULTED).at("RESTRICTED"),
}


def holding_limited() -> RiskPlay:
    """Held, against a limit of 50 USD a day."""
    play = watching(replace(Policy(), auto_close=AutoClosePolicy(daily_loss_most_usd=Decimal(50))))
    assert send(play, order("10")) is None
    return play.play(fill("10"))


def lost(usd: str, *before: Cue[RiskState]) -> RiskPlay:
    """Held, with so much equity lost since the first word of the day, against a limit of 50 USD, and seen once."""
    play = holding_limited().play(*before)
    play.play(*equities(usd), WATCH)
    return play.play(*equities(usd))


def equities(usd: str) -> tuple[Cue[RiskState], ...]:
    """All accounts are told, so much lost in one."""
    return account(TAKER, str(100_000 + int(usd))), account(MAKER)


def _asked(seconds: float) -> RiskPlay:
    """Held near its liquidation, and asked to close so long ago."""
    return holding(near_liquidation()).passes(seconds)


def too_often(most: int = 1) -> RiskPlay:
    """An order is out whose fill is the last that is allowed."""
    play = watching(limited(repeated_executions_most=most))
    assert send(play, order("10")) is None
    return play


def twice() -> RiskPlay:
    """The same, while something is held."""
    play = too_often(2).play(fill("10"))
    assert send(play, order("10", order_id="again")) is None
    return play


def sent() -> RiskPlay:
    play = watching()
    assert send(play, order("10")) is None
    return play


STAYING = ("K2", "K4", "K9", "K11", "K14", "K15", "K20", "K21", "K22", "K23", "K24")
"""Rows that leave the watch running; all others arm it anew."""


@pytest.mark.parametrize("name", list(STORIES))
def test_only_these_rows_leave_the_watch_running(name: str) -> None:
    assert STORIES[name]().arrived is (row_of(name) not in STAYING)


@pytest.mark.parametrize("name", list(STORIES))
def test_the_row_decides_as_the_chart_says(name: str) -> None:
    STORIES[name]().took(row_of(name))


def test_every_row_has_its_story() -> None:
    assert never_taken(ROLE.chart, STORIES) == []
    assert not_rows(ROLE.chart, STORIES) == []


def test_risk_that_fails_after_the_kill_switch_does_not_open_again() -> None:
    play = watching().play(KILL, FAULT)
    assert send(play, order()) is not None


def test_what_is_held_is_looked_at_every_five_seconds_and_its_adl_level_every_thirty() -> None:
    play = holding(ranked("0.9"))
    assert play.due_ns("watch") - play.at_ns < 5 * 10**9
    looks = [(play >> WATCH << ...).row for _ in range(13)]
    assert looks == ["K6", *["K13"] * 5, "K6", *["K13"] * 5, "K6"]
    assert play.due_ns("watch") - play.at_ns == 5 * 10**9


def test_a_level_that_asks_for_nothing_is_not_news() -> None:
    for rank in ("0", "0.3", "0.59"):
        (holding() >> ranked(rank)).took("K4")


def test_an_own_fill_is_a_reason_to_look_at_the_level() -> None:
    play = holding(PositionReported(venue=TAKER, asset=ASSET, size=Decimal(10), venue_at_ns=START_NS, entry_price=1))  # type: ignore[arg-type]
    assert send(play, order("1", order_id="more")) is None
    play.play(sample(TAKER, "100"))
    (play >> fill("1", "z", "more") << ...).took("K2")
    assert play.step is not None


def test_a_position_nobody_trades_is_told_to_nobody() -> None:
    (watching() >> ranked("0.9")).took("K3")


def test_an_order_that_is_over_unfilled_leaves_nothing_held() -> None:
    play = sent().play(over("0"))
    assert play.at("WATCHING.idle").state.in_flight == {}


def held_on(venue: Venue, asset: str, actor: str, play: RiskPlay) -> None:
    """A position of 100, which gains a little, ten per cent of the account."""
    name = f"{venue}-{asset}"
    assert send(play, order("100", venue=venue, asset=asset, order_id=name), actor) is None
    play.play(
        OrderFilled(
            venue=venue,
            asset=asset,
            order_id=name,
            fill_id=name,
            side=Side.BUY,
            price=Decimal(100),
            size=Decimal(100),
            fee_usd=Decimal(0),
            liquidity=Liquidity.TAKER,
            venue_at_ns=START_NS,
        ),
        PositionReported(
            venue=venue, asset=asset, size=Decimal(100), venue_at_ns=START_NS, entry_price=Decimal("99.9")
        ),
    )


def test_an_adl_of_one_leg_is_a_reason_to_look_at_every_leg_on_that_venue() -> None:
    """On 2025-10-10 most coins were deleveraged a minute or more after the venue's first."""
    policy = replace(Policy(), adl=AdlPolicy(level_scores=tuple(Decimal(each) for each in ("0.1", "0.2", "0.3", "9"))))
    board = board_of(*market_facts(TAKER), *market_facts(TAKER, "SOL"), *market_facts(MAKER))
    play = watching(policy, board)
    for venue, asset in ((TAKER, ASSET), (TAKER, "SOL"), (MAKER, ASSET)):
        held_on(venue, asset, f"pair_position/{asset}-{venue}", play)
    play >> deleveraged(TAKER, "50", Side.SELL)
    play << like(Tell, to=f"pair_position/SOL-{TAKER}", message=like(AdlLevelEstimated, level=4, asset="SOL"))
    play.took("K2")  # half of the leg itself is left, at half the leverage: level 3; and nothing for the other venue
    assert play.state.deleveraged_ns == {TAKER.value: play.at_ns}
    play.passes(policy.adl.stress_window_s - 60).play(sample(TAKER, asset="SOL"))
    (play >> WATCH << like(Tell, message=like(AdlLevelEstimated, asset="SOL"))).took("K6")
    play.passes(120)
    (play >> WATCH).took("K6")


def test_a_liquidation_of_ours_says_nothing_of_the_venue() -> None:
    assert holding(liquidated(TAKER, "1", Side.SELL)).state.deleveraged_ns == {}


# --- closing without anybody asking ------------------------------------------------------------------------


def test_a_pair_is_asked_once_and_again_after_a_minute_without_a_new_alarm() -> None:
    play = holding(near_liquidation())
    assert play.state.asked[PAIR].rule == "liquidation_distance"
    for _ in range(12):
        (play >> WATCH).took(play.row)
    (play >> WATCH << CLOSING).took(play.row)
    (play >> WATCH).took(play.row)


def test_what_is_asked_for_names_the_rule_first_what_was_measured_and_the_limit() -> None:
    play = holding() >> near_liquidation() << TOLD
    assert play.step is not None
    _, wish = play.step.commands[:2]
    reason = "liquidation_distance: 0.0400 of the mark left, 10 BTC on hyperliquid, mark 100, liquidated at 96"
    assert wish == Tell(to=PAIR, message=CloseAsked(reason=f"{reason} by the venue (limit 0.05)"))


def falling(play: RiskPlay) -> RiskPlay:
    """Three per cent in two minutes: 0.025 a second."""
    for mark in ("100", "98.5"):
        play.play(sample(TAKER, mark)).passes(60)
    return play


def test_seconds_before_a_liquidation_it_is_an_emergency_asked_for_once() -> None:
    play = falling(holding(near_liquidation("90")))
    emergency = like(Tell, to=PAIR, message=like(EmergencyAsked))
    (play >> sample(TAKER, "97") << like(RaiseAlarm, code="auto_close", severity="critical") << emergency).took("K11")
    play.passes(300)
    assert (play >> sample(TAKER, "91")).row == "K11", "the emergency path repeats its attempts itself"


def test_an_emergency_overrules_the_orderly_close_that_was_asked_for() -> None:
    play = falling(holding(near_liquidation("93.2")))
    orderly = Asked(rule="liquidation_distance", at_ns=play.at_ns, urgent=False)
    play.state = replace(play.state, asked={PAIR: orderly})
    (play >> sample(TAKER, "97") << ...).took("K11")
    assert play.state.asked[PAIR].urgent


def test_while_the_endangered_leg_cannot_be_reached_nothing_is_closed_alone() -> None:
    """The other leg gains as this one loses: it is kept until both can be closed, then it is an emergency."""
    play = falling(holding(near_liquidation("90")))
    play.board = fold(play.board, LinkLost(venue=TAKER, reason="cut"), play.at_ns)
    (play >> sample(TAKER, "97") << TOLD << CLOSING).took("K11")
    play.board = fold(play.board, LinkUp(venue=TAKER), play.at_ns)
    (play >> WATCH << like(RaiseAlarm, severity="critical") << like(Tell, message=like(EmergencyAsked)) << ...)
    assert play.state.asked[PAIR].urgent


def test_a_pair_that_holds_nothing_any_more_is_forgotten() -> None:
    play = holding(near_liquidation(), position("0"))
    assert PAIR in play.state.asked
    assert play.play(WATCH).state.asked == {}


def test_after_a_market_has_opened_again_the_pair_is_still_closed() -> None:
    play = holding(ranked("0.1"))

    def listed(status: MarketStatus) -> None:
        told = InstrumentListed(instrument=instrument(TAKER, status=status))
        play.board = fold(play.board, told, play.at_ns)

    listed(MarketStatus.HALTED)
    play.passes(61)
    (play >> WATCH << TOLD << CLOSING << ...)
    listed(MarketStatus.OPEN)
    play.passes(61)
    (play >> WATCH << like(Tell, to=PAIR, message=like(CloseAsked)) << ...)
    assert play.state.asked[PAIR].rule == "market_closed"


def test_a_pair_near_liquidation_that_has_recovered_is_left_alone() -> None:
    play = holding(near_liquidation(), near_liquidation("50")).passes(61)
    (play >> WATCH << ...)
    assert [command for command in (play.step.commands if play.step else ()) if isinstance(command, Tell)] == []


def test_nothing_is_opened_once_the_day_has_cost_too_much_and_reducing_goes_on() -> None:
    for usd, refused in (("-49", False), ("-50", True)):
        play = lost(usd)
        denied = send(play, order("1", order_id="next"))
        assert (denied is not None) is refused
        assert denied is None or (denied.rule, denied.measured, denied.limit) == ("daily_loss_most_usd", "50.00", "50")
        assert send(play, order("1", order_id="less", reduce_only=True)) is None


def test_the_day_s_loss_is_counted_from_midnight() -> None:
    play = lost("-40")
    play.at_ns = (play.at_ns // DAY_NS + 1) * DAY_NS
    play.play(*equities("-80"), WATCH, *equities("-90"))
    assert not play.state.equity_start_usd[TAKER.value] - 99_920
    play.play(*equities("-129"), WATCH, *equities("-129"))
    assert (play >> WATCH << ...).at("WATCHING.holding").row != "K12"
    play.play(*equities("-131"), WATCH, *equities("-131"))
    (play >> WATCH << LOST << DRAINED).took("K12", "RESTRICTED")


def test_a_loss_that_only_one_look_found_ends_nothing() -> None:
    play = holding_limited().play(account(TAKER, "99900"), account(MAKER))
    assert (play >> WATCH << ...).at("WATCHING.holding").row != "K12"
    play.play(account(TAKER, "99900"), account(MAKER, "100100"))
    assert (play >> WATCH << ...).at("WATCHING.holding").row != "K12"


def test_a_word_of_before_midnight_is_no_start_of_the_day() -> None:
    play = holding_limited()
    play.at_ns = (play.at_ns // DAY_NS + 1) * DAY_NS
    play.play(WATCH)
    assert play.state.equity_start_usd == {}
    play.play(account(TAKER, "99900"), WATCH)
    assert play.state.equity_start_usd == {TAKER.value: Decimal(99_900)}


def test_an_account_that_is_first_told_late_begins_the_count_anew() -> None:
    """What the others lost before may be what it has gained: that is in its first word already."""
    play = holding_limited()
    play.at_ns = (play.at_ns // DAY_NS + 1) * DAY_NS
    play.play(account(TAKER), WATCH, account(TAKER, "99900"), account(MAKER, "100100"), WATCH)
    assert play.state.equity_start_usd == {TAKER.value: Decimal(99_900), MAKER.value: Decimal(100_100)}
    play.play(account(TAKER, "99900"), account(MAKER, "100100"))
    assert (play >> WATCH << ...).at("WATCHING.holding").row != "K12"


@pytest.mark.parametrize("purpose", ["maker", "sweep"])
def test_a_loss_denies_no_order_that_hedges(purpose: str) -> None:
    """The leg before it stands naked: hedged, it is closed in order."""
    play = lost("-50")
    assert send(play, order("1", order_id="next")) is not None
    assert send(play, replace(order("1", Side.SELL, MAKER, order_id="hedge"), purpose=purpose)) is None
    assert send(play, replace(order("1", Side.BUY, MAKER, order_id="more"), purpose=purpose)) is not None


def test_what_is_known_of_one_account_alone_denies_no_order() -> None:
    play = lost("-50")
    play.board = fold(play.board, LinkLost(venue=MAKER, reason="cut"), play.at_ns)
    assert send(play, order("1", order_id="next")) is None
