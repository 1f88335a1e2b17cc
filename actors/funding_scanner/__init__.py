"""The scanner role: forecasts funding differences, opens the best pairs, closes those that tire or are outdone.

`state` is what it remembers, `absorbing` how it comes to know it, `opening` and `leaving` what it asks for.
Counterparts: `actors.gates`, which judges a candidate; `statecharts.funding_scanner`, its chart.
"""

from __future__ import annotations

from decimal import Decimal

from actors.actor import Context, Role
from actors.commands import AnyCommand, RaiseAlarm
from actors.domain import HOUR_NS, Venue
from actors.funding_scanner.absorbing import absorb, remember
from actors.funding_scanner.leaving import close_outdone_pair, close_tired_pairs, watch_collateral
from actors.funding_scanner.opening import candidates, chosen, open_best_pairs
from actors.funding_scanner.state import FundingScanner, Holding, known_of, pairings
from actors.gates import skew_s
from actors.messages import ActorFaulted
from statecharts.funding_scanner import CHART

__all__ = ["ROLE", "FundingScanner", "Holding", "candidates", "chosen", "known_of", "pairings"]

Commands = tuple[AnyCommand, ...]


def history_seen(state: FundingScanner, context: Context) -> bool:
    """Some market's rate has been observed for as long as an entry needs."""
    least_h = context.policy.scanner.history_h
    return any(Decimal(context.at_ns - each.since_ns) / HOUR_NS >= least_h for each in state.series.values())


def alarm_clocks(_: FundingScanner, context: Context) -> Commands:
    """Name the venues on which nothing is opened since their clock is not ours, or their words come late."""
    most = context.policy.scanner.clock_skew_most_s
    off = [(venue, skew_s(context.board, venue)) for venue in context.policy.scanner.venues]
    return tuple(
        RaiseAlarm(severity="warning", code="clock_skew", text=_clock_words(venue, seconds))
        for venue, seconds in off
        if seconds is not None and abs(seconds) > most
    )


def _clock_words(venue: Venue, seconds: Decimal) -> str:
    way = "ahead of ours" if seconds > 0 else "behind ours, or its words come late"
    return f"{venue.value}: its clock is {abs(seconds):.0f} s {way}; nothing is opened there until they agree"


def alarm_fault(_: FundingScanner, context: Context) -> Commands:
    """This actor's own step raised."""
    error = context.message.error if isinstance(context.message, ActorFaulted) else "unknown"
    return (RaiseAlarm(severity="critical", code="actor_fault", text=f"funding_scanner: a step failed ({error})"),)


ACTIONS = (alarm_clocks, watch_collateral, close_tired_pairs, close_outdone_pair, open_best_pairs, alarm_fault)

ROLE: Role[FundingScanner] = Role(
    chart=CHART,
    absorb=absorb,
    guards={"history_seen": history_seen},
    actions={action.__name__: action for action in ACTIONS},
    duration_s=lambda _, __, policy: policy.scanner.scan_s,
    remember=remember,
)
