"""Misfortunes that a held pair leaves for, H5-H7 and H12: funding, a liquidation, a silent venue, a closed market."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from actors.commands import SubmitOrder, Tell
from actors.domain import MarketStatus, Venue
from actors.funding_scanner import FundingScanner
from actors.messages import CloseAsked, EmergencyAsked, InstrumentListed, LinkUp, TimerFired
from actors.policy import AutoClosePolicy, Policy
from engine.runtime import Stage
from engine.simulators.exchange import Events, Exchange
from engine.simulators.faults import Garble, Traffic
from engine.simulators.levers import instrument_of
from tests.scenarios.faulty import outage, rule, stream_lost
from tests.scenarios.harness import (
    ASSET,
    DRIFT,
    HYPERLIQUID,
    LIGHTER,
    PACIFICA,
    POLICY,
    Cue,
    Do,
    Run,
    Scenario,
    account_of,
    play,
    pull,
)
from tests.scenarios.market import NS_PER_S, Scene

PAIR = f"pair_position/{ASSET}-1"
SMALL = {venue.value: Decimal(3300) for venue in (HYPERLIQUID, PACIFICA)}
"""A leg of 9000 USD is 2.7 times its account: a third up or down ends it."""


def lasting(seconds: float, **parts: Any) -> Policy:
    """A run of so long, with other parts of the policy."""
    return replace(POLICY, lifecycle=replace(POLICY.lifecycle, duration_s=seconds), **parts)


def asked(run: Run, pair: str = PAIR) -> list[tuple[int, str]]:
    """When the first pair was asked to leave (whole seconds), and why (the rule, or the first word)."""
    found = []
    for record in run.records:
        for command in record.commands:
            wish = command.message if isinstance(command, Tell) and command.to == pair else None
            if isinstance(wish, CloseAsked | EmergencyAsked):
                at_s = (record.at_ns - run.scenario.start_ns) // NS_PER_S
                found.append((at_s, wish.reason.split(":")[0]))
    return found


# --- H5 ----------------------------------------------------------------------------------------------------


def settle_at(rate: str) -> Do:
    """Both venues announce this rate for the hour, the second the opposite."""

    def do(stage: Stage) -> None:
        for venue, sign in ((HYPERLIQUID, 1), (PACIFICA, -1)):

            def force(exchange: Exchange, _: int, sign: int = sign) -> Events:
                exchange.force_funding_rate(instrument_of(exchange, ASSET), sign * Decimal(rate))
                return ()

            stage.simulated[venue].disturb(force)

    return do


TURNING = replace(POLICY.scanner, inverted_h=Decimal("0.01"), pairs_most=1)
AT_ONCE = replace(
    POLICY.forecast,
    fast_h=Decimal("0.001"),
    slow_h=Decimal("0.001"),
    fast_reversion_h=Decimal(10**6),
    slow_reversion_h=Decimal(10**6),
    clip_most=Decimal(10**6),
)
"""What is announced now is expected for the whole horizon."""


def test_h5_funding_that_stays_inverted_for_the_configured_time_ends_the_pair(tmp_path: Path) -> None:
    """36 seconds of paying 20 bps an hour; what is saved in the horizon is many times the cost of leaving."""
    cue = Cue(at_s=40.0, do=settle_at("-0.001"))
    run = play(Scenario(cues=(cue,), policy=lasting(150.0, scanner=TURNING, forecast=AT_ONCE), calm_s=40.0), tmp_path)
    first = run.pairs[0]
    assert first.place == "CLOSED.flat"
    assert first.close_reason.startswith("funding inverted for 0.0 h: staying 72 h costs ")
    (at_s, _), *_ = asked(run)
    assert 40 + 36 <= at_s <= 40 + 36 + 25
    assert [order.purpose for order in run.orders()][:4] == ["taker", "maker", "close", "close"]


def test_h5_a_flip_that_costs_less_than_being_flat_now_is_sat_out(tmp_path: Path) -> None:
    """0.02 bps an hour against the pair: 1.4 bps in the horizon, where closing both legs costs some 12."""
    cue = Cue(at_s=40.0, do=settle_at("-0.000001"))
    run = play(Scenario(cues=(cue,), policy=lasting(150.0, scanner=TURNING, forecast=AT_ONCE), calm_s=40.0), tmp_path)
    scanners = [states["funding_scanner"] for _, states, _ in run.moments]
    held = [scanner.holdings.get(PAIR) for scanner in scanners if isinstance(scanner, FundingScanner)]
    assert any(each.inverted_since_ns for each in held if each is not None)
    assert run.pair.close_reason == "the run's duration is over"


def test_h5_funding_that_turns_back_in_time_keeps_the_pair(tmp_path: Path) -> None:
    cues = (Cue(at_s=40.0, do=settle_at("-0.001")), Cue(at_s=65.0, do=settle_at("0.001")))
    run = play(Scenario(cues=cues, policy=lasting(150.0, scanner=TURNING, forecast=AT_ONCE), calm_s=65.0), tmp_path)
    assert run.pair.close_reason == "the run's duration is over"


# --- H6 ----------------------------------------------------------------------------------------------------


def guarded(**limits: Any) -> Policy:
    """Only these limits of closing by itself; nobody is near being deleveraged."""
    calm = replace(POLICY.adl, level_scores=tuple(Decimal(10**6 + level) for level in range(4)))
    return lasting(150.0, auto_close=AutoClosePolicy(**limits), adl=calm)


def test_h6_a_mark_that_runs_towards_liquidation_is_left_at_once(tmp_path: Path) -> None:
    """A third more ends the short leg at about 4,020; seven per cent in an instant leave less than five minutes."""
    scenes = (Scene(), Scene(from_s=40.0, price=Decimal(3210)))
    run = play(Scenario(scenes=scenes, policy=guarded(), deposit_usd=SMALL, calm_s=40.0), tmp_path)
    event = next(record for record in run.pair_records if isinstance(record.message, EmergencyAsked))
    assert event.row == "P2"
    assert event.at_ns - run.scenario.start_ns < 46 * NS_PER_S
    first = run.pairs[0]
    assert first.close_reason.startswith("time_to_liquidation: ")
    assert [(order.purpose, order.reduce_only) for order in run.orders()][2:4] == [("emergency", True)] * 2
    (told, *_) = run.raised("auto_close")
    assert told.severity == "critical"
    assert "ETH on hyperliquid, mark 32" in told.text
    assert "by the venue (limit 300); emergency close" in told.text
    assert first.naked_ns < 3 * NS_PER_S


def test_h6_a_mark_within_five_per_cent_of_liquidation_is_left_in_order(tmp_path: Path) -> None:
    scenes = (Scene(), Scene(from_s=40.0, price=Decimal(3850)))
    slowly = guarded(time_to_liquidation_least_s=Decimal(0))
    run = play(Scenario(scenes=scenes, policy=slowly, deposit_usd=SMALL, calm_s=40.0), tmp_path)
    assert run.pairs[0].close_reason.startswith("liquidation_distance: 0.0")
    assert [order.purpose for order in run.orders()][2:4] == ["close", "close"]
    assert [order.venue for order in run.orders("close")][:2] == [PACIFICA, HYPERLIQUID]
    (told,) = run.raised("auto_close")
    assert told.severity == "warning"


def test_h6_far_from_liquidation_nothing_is_left(tmp_path: Path) -> None:
    scenes = (Scene(), Scene(from_s=40.0, price=Decimal(3030)))
    run = play(Scenario(scenes=scenes, policy=guarded(), deposit_usd=SMALL, calm_s=40.0), tmp_path)
    assert run.raised("auto_close") == ()
    assert run.pair.close_reason == "the run's duration is over"


def test_h6_while_the_endangered_leg_s_venue_is_down_the_gaining_leg_is_not_closed_alone(tmp_path: Path) -> None:
    """Its mark cannot be known either; both legs are left as soon as it is told again."""
    scenes = (Scene(), Scene(from_s=40.0, price=Decimal(3500)))
    faults = outage("hyperliquid", 34.0, 40.0)
    scenario = Scenario(scenes=scenes, policy=guarded(), faults=faults, deposit_usd=SMALL, calm_s=75.0)
    run = play(scenario, tmp_path)
    back_ns = next(r.at_ns for r in reversed(run.records) if isinstance(r.message, LinkUp))
    sent = [(r.at_ns, c.purpose) for r in run.pair_records for c in r.commands if isinstance(c, SubmitOrder)]
    leaving_ns = [at_ns for at_ns, purpose in sent if purpose == "emergency"][:2]
    assert back_ns <= min(leaving_ns) <= max(leaving_ns) < back_ns + 6 * NS_PER_S
    assert run.pairs[0].place == "CLOSED.flat"
    assert run.pairs[0].naked_ns < 3 * NS_PER_S


# --- H7 ----------------------------------------------------------------------------------------------------


def silence(seconds: float, tmp_path: Path) -> Run:
    """The maker's venue is down for so long; a minute of silence is too much."""
    faults = outage("pacifica", 40.0, seconds)
    policy = guarded(venue_silent_s=Decimal(60), ask_again_s=10.0)
    return play(Scenario(policy=policy, faults=faults, calm_s=40.0 + seconds), tmp_path)


def test_h7_a_venue_that_was_silent_for_too_long_is_left_in_order_when_it_is_back(tmp_path: Path) -> None:
    """Meanwhile both legs are kept: to close the living one alone would make the other naked."""
    run = silence(75.0, tmp_path)
    (at_s, why), *_ = asked(run)
    assert why == "venue_silent"
    assert 80 <= at_s <= 112
    sent = [(r.at_ns, c.purpose) for r in run.pair_records for c in r.commands if isinstance(c, SubmitOrder)]
    back_ns = next(r.at_ns for r in reversed(run.records) if isinstance(r.message, LinkUp))
    closes = [at_ns for at_ns, purpose in sent if purpose == "close"][:2]
    assert len(closes) == 2
    assert back_ns <= closes[0]
    assert run.pairs[0].place == "CLOSED.flat"
    assert run.pairs[0].close_reason.startswith("venue_silent: pacifica is down, and has told nothing for ")
    assert run.pairs[0].naked_ns < 3 * NS_PER_S


def test_h7_a_venue_that_is_back_in_time_is_kept(tmp_path: Path) -> None:
    run = silence(20.0, tmp_path)
    assert run.raised("auto_close") == ()
    assert run.pair.close_reason == "the run's duration is over"


# --- H12 ---------------------------------------------------------------------------------------------------

REFRESH = {"lighter": {"markets_refresh_s": 5.0}}
LEAVING = AutoClosePolicy(market_closed_s=10.0, ask_again_s=15.0)


def mode(venue: Venue, name: str) -> Do:
    """The venue changes its market's mode."""
    return pull(venue, lambda x, at_ns: getattr(x, name)(at_ns, instrument_of(x, ASSET)))


def closed_market(venue: Venue, *cues: Cue, **more: Any) -> Scenario:
    policy = lasting(200.0, auto_close=LEAVING)
    return Scenario(venues=(HYPERLIQUID, venue), cues=cues, adapter=REFRESH, policy=policy, **more)


@pytest.mark.parametrize("venue", [LIGHTER, DRIFT])
def test_h12_a_market_set_to_reduce_only_is_left_in_order(venue: Venue, tmp_path: Path) -> None:
    run = play(closed_market(venue, Cue(at_s=40.0, do=mode(venue, "reduce_only_mode")), calm_s=60.0), tmp_path)
    assert [order.purpose for order in run.orders()] == ["taker", "maker", "close", "close"]
    assert run.pair.close_reason.startswith(f"market_closed: ETH on {venue.value} is reduce_only")
    (at_s, rule), *_ = asked(run)
    assert rule == "market_closed"
    assert 50 <= at_s <= 65
    assert run.pair.place == "CLOSED.flat"


@pytest.mark.parametrize("venue", [LIGHTER, DRIFT])
def test_h12_a_halted_market_keeps_both_legs_and_is_left_when_it_trades_again(venue: Venue, tmp_path: Path) -> None:
    cues = (Cue(at_s=40.0, do=mode(venue, "halt")), Cue(at_s=110.0, do=mode(venue, "reopen")))
    run = play(closed_market(venue, *cues, calm_s=110.0), tmp_path)
    assert run.rows.count("X24") >= 2, "asked again and again, and put off"
    first = [r for r in run.pair_records if r.to == PAIR]
    closes = [r.at_ns for r in first for c in r.commands if isinstance(c, SubmitOrder) and c.purpose == "close"]
    listed = [r for r in run.records if isinstance(r.message, InstrumentListed)]
    opened_ns = [r.at_ns for r in listed if _is(r, MarketStatus.OPEN)][-1]
    assert len(closes) == 2
    assert opened_ns <= closes[0] < opened_ns + 20 * NS_PER_S
    assert [order.purpose for order in run.orders()][:4] == ["taker", "maker", "close", "close"]
    assert run.pairs[0].place == "CLOSED.flat"
    assert run.pairs[0].close_reason.startswith(f"market_closed: ETH on {venue.value} is halted")
    (told,) = run.raised("auto_close")
    assert "both legs are kept until it trades again" in told.text
    assert run.pairs[0].naked_ns < 3 * NS_PER_S


def _is(record: Any, status: MarketStatus) -> bool:
    return record.message.instrument.status is status and record.message.instrument.asset == ASSET


def test_h12_a_market_that_is_listed_no_longer_keeps_both_legs_until_it_is_listed_again(tmp_path: Path) -> None:
    """Pacifica tells its markets at each new stream; what is not among them is closed to us, not forgotten."""
    gone: dict[str, Any] = {"traffic": Traffic.HTTP, "venue": "pacifica", "match": "*/info"}
    unlisted = rule(Garble(find='"symbol":"ETH"', put='"symbol":"XTH"'), gone, from_s=35.0, to_s=80.0)
    faults = (unlisted, *stream_lost("pacifica", 40.0, 1.0), *stream_lost("pacifica", 90.0, 1.0))
    named = (*faults[:2], replace(faults[2], name="cut again"))
    policy = lasting(160.0, auto_close=LEAVING)
    run = play(Scenario(faults=named, policy=policy, calm_s=90.0), tmp_path)
    told, *_ = run.raised("auto_close")
    assert "ETH on pacifica is halted (not listed), both legs are kept" in told.text
    assert "X24" in run.rows
    closes = [r.at_ns for r in run.pair_records for c in r.commands if getattr(c, "purpose", "") == "close"]
    assert closes[0] > run.scenario.start_ns + 90 * NS_PER_S
    assert run.pairs[0].close_reason.startswith("market_closed: ")
    assert run.pairs[0].naked_ns < 3 * NS_PER_S


def test_h12_a_market_halted_under_the_closing_order_keeps_both_legs(tmp_path: Path) -> None:
    """The venue refuses before it has told why: the other leg would be naked."""
    cue = Cue(at_s=40.0, do=mode(PACIFICA, "halt"))
    back = Cue(at_s=75.0, do=mode(PACIFICA, "reopen"))
    again = (45.0, 90.0)
    asks = tuple(Cue(at_s=at_s, do=_ask) for at_s in again)
    policy = lasting(150.0)
    run = play(Scenario(cues=(cue, back, *asks), policy=policy, calm_s=90.0), tmp_path)
    assert "X27" in run.rows
    assert run.orders("emergency") == ()
    assert run.pairs[0].place == "CLOSED.flat"
    assert run.pairs[0].naked_ns < 3 * NS_PER_S


def _ask(stage: Stage) -> None:
    stage.mailbox.put_operator(CloseAsked(reason="by hand"), PAIR)


@pytest.mark.parametrize("venue", [LIGHTER, DRIFT])
def test_h12_a_leg_the_venue_has_settled_is_adopted_as_flat_and_the_other_is_closed(
    venue: Venue, tmp_path: Path
) -> None:
    """Delisted: the position is gone at the settlement price, by nobody's order."""
    account = account_of(venue)

    def settle(exchange: Exchange, at_ns: int) -> Events:
        market = instrument_of(exchange, ASSET)
        events = exchange.set_position(at_ns, account, market, Decimal(0))
        return (*events, *exchange.halt(at_ns, market))

    cue = Cue(at_s=40.0, do=pull(venue, settle))
    run = play(closed_market(venue, cue, calm_s=40.0, by_hand=True), tmp_path)
    assert run.pair.place == "CLOSED.flat"
    (trim,) = run.orders("trim")
    assert (trim.venue, trim.reduce_only) == (HYPERLIQUID, True)
    gone_ns = run.scenario.start_ns + 40 * NS_PER_S
    flat_ns = next(r.at_ns for r in run.pair_records if r.place == "CLOSED.flat")
    assert flat_ns - gone_ns < 30 * NS_PER_S
    assert "V16" in run.rows, "asked again and again before it is believed"


def test_timers_of_the_watch_are_what_asks_again(tmp_path: Path) -> None:
    """Nothing else moves in a halted market: the watch is driven by its own timer."""
    run = play(closed_market(LIGHTER, Cue(at_s=40.0, do=mode(LIGHTER, "halt")), left_open=("leg_stranded",)), tmp_path)
    ticks = [r for r in run.records if r.to == "risk" and isinstance(r.message, TimerFired)]
    assert any(isinstance(command, Tell) for record in ticks for command in record.commands)
