"""The scanner role: smooths funding differences, opens the best pairs, closes those that tire."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from functools import lru_cache

import msgspec

from actors.actor import ActorState, Context, Role
from actors.board import Board
from actors.commands import AnyCommand, RaiseAlarm, SpawnPair, Tell
from actors.domain import BPS, HOUR_NS, NS_PER_S, ONE, ZERO, Noun, Side, Venue
from actors.gates import Candidate, funding_of, judge, skew_s
from actors.messages import (
    ActorFaulted,
    CloseAsked,
    EntryAsked,
    EntryRefused,
    PairClosed,
    PairHedged,
    PairReopened,
    PairSpawned,
    TimerFired,
)
from actors.notice import begun
from actors.policy import Policy
from statecharts.funding_scanner import CHART

Commands = tuple[AnyCommand, ...]


class Trend(Noun, frozen=True, kw_only=True):
    """The smoothed funding difference (first venue less second, per hour) of one asset on two venues."""

    asset: str
    venues: tuple[Venue, Venue]
    smoothed: Decimal
    since_ns: int
    updated_ns: int


class Holding(Noun, frozen=True, kw_only=True):
    """A pair this scanner asked for; it is short on `short_venue`, where funding was higher."""

    pair: str
    asset: str
    taker_venue: Venue
    maker_venue: Venue
    short_venue: Venue
    hedged_ns: int = 0
    closing: bool = False
    paused_until_ns: int = 0
    inverted_since_ns: int = 0


class FundingScanner(ActorState, frozen=True, kw_only=True):
    """Trends by `asset:first:second`, pairs by actor name, and how many pairs were ever spawned.

    `paused_ns`: until when an asset is left alone, since its last pair was closed before it was ever hedged.
    """

    trends: dict[str, Trend] = msgspec.field(default_factory=dict)
    holdings: dict[str, Holding] = msgspec.field(default_factory=dict)
    paused_ns: dict[str, int] = msgspec.field(default_factory=dict)
    spawned: int = 0
    scans: int = 0


# --- absorbing ---------------------------------------------------------------------------------------------


def absorb(state: FundingScanner, context: Context) -> tuple[FundingScanner, str]:
    """Smooth at each scan, note what pairs report; name the trigger."""
    message = context.message
    match message:
        case TimerFired():
            return _observe(state, context), f"timer:{message.timer}"
        case PairHedged():
            return _hedged(state, message.pair, context.at_ns), "PairHedged"
        case EntryRefused():
            return _with_holding(state, message.pair, paused_until_ns=_pause_ends_ns(context)), "EntryRefused"
        case PairClosed():
            return _closed(state, message.pair, context), "PairClosed"
        case PairReopened():
            return _reopened(state, message), "PairReopened"
        case _:
            return state, type(message).__name__


def _hedged(state: FundingScanner, pair: str, at_ns: int) -> FundingScanner:
    """A pair tells it again after every repair; it is held since the first time."""
    held = state.holdings.get(pair)
    since_ns = (held.hedged_ns if held is not None else 0) or at_ns
    return _with_holding(state, pair, hedged_ns=since_ns, paused_until_ns=0)


def _pause_ends_ns(context: Context) -> int:
    return context.at_ns + round(context.policy.entry.backoff_s * NS_PER_S)


def _closed(state: FundingScanner, pair: str, context: Context) -> FundingScanner:
    """A pair that was never hedged cost money for nothing: its asset is left alone for a while."""
    held = state.holdings.get(pair)
    left = {name: other for name, other in state.holdings.items() if name != pair}
    paused = dict(state.paused_ns)
    if held is not None and not held.hedged_ns and not held.closing:
        paused[held.asset] = _pause_ends_ns(context)
    return msgspec.structs.replace(state, holdings=left, paused_ns=paused)


def _reopened(state: FundingScanner, message: PairReopened) -> FundingScanner:
    """It takes its place and its asset again until it is closed once more; it leaves by itself."""
    held = Holding(
        pair=message.pair,
        asset=message.asset,
        taker_venue=message.taker_venue,
        maker_venue=message.maker_venue,
        short_venue=message.taker_venue,
        closing=True,
    )
    return msgspec.structs.replace(state, holdings={**state.holdings, message.pair: held})


def _with_holding(state: FundingScanner, pair: str, **changes: object) -> FundingScanner:
    held = state.holdings.get(pair)
    if held is None:
        return state
    return msgspec.structs.replace(state, holdings={**state.holdings, pair: msgspec.structs.replace(held, **changes)})


def pairings(policy: Policy) -> tuple[tuple[str, tuple[Venue, Venue]], ...]:
    """Every asset on every two venues, in the configured order."""
    venues = policy.scanner.venues
    couples = [(first, second) for i, first in enumerate(venues) for second in venues[i + 1 :]]
    return tuple((asset, couple) for asset in policy.scanner.assets for couple in couples)


def _key(asset: str, venues: tuple[Venue, Venue]) -> str:
    return f"{asset}:{venues[0].value}:{venues[1].value}"


def _observe(state: FundingScanner, context: Context) -> FundingScanner:
    """Fold the funding rates of this moment into the trends, and the trends into the holdings."""
    trends = dict(state.trends)
    for asset, venues in pairings(context.policy):
        difference = _difference(context, asset, venues)
        if difference is not None:
            key = _key(asset, venues)
            trends[key] = _smooth(trends.get(key), asset, venues, difference, context)
    holdings = {name: _age(held, trends, context.at_ns) for name, held in state.holdings.items()}
    return msgspec.structs.replace(state, trends=trends, holdings=holdings, scans=state.scans + 1)


def _difference(context: Context, asset: str, venues: tuple[Venue, Venue]) -> Decimal | None:
    """First venue's rate less the second's; None while one is not told, or told too long ago to count."""
    markets = [context.board.market(venue, asset) for venue in venues]
    oldest_ns = context.at_ns - round(context.policy.scanner.quote_age_most_s * NS_PER_S)
    if any(market.sampled_ns < oldest_ns for market in markets):
        return None
    first, second = (funding_of(market) for market in markets)
    return None if first is None or second is None else first - second


def _smooth(
    trend: Trend | None, asset: str, venues: tuple[Venue, Venue], difference: Decimal, context: Context
) -> Trend:
    """Exponential smoothing with the configured half-life, by elapsed time."""
    if trend is None:
        return Trend(asset=asset, venues=venues, smoothed=difference, since_ns=context.at_ns, updated_ns=context.at_ns)
    kept = _kept(context.at_ns - trend.updated_ns, context.policy.scanner.smoothing_h)
    smoothed = trend.smoothed * kept + difference * (ONE - kept)
    return msgspec.structs.replace(trend, smoothed=smoothed, updated_ns=context.at_ns)


@lru_cache(maxsize=64)
def _kept(elapsed_ns: int, half_life_h: Decimal) -> Decimal:
    """The share of a trend that is left after that time; the trends of one scan are mostly of one age."""
    return Decimal(2) ** (-Decimal(elapsed_ns) / HOUR_NS / half_life_h)


def _age(held: Holding, trends: dict[str, Trend], at_ns: int) -> Holding:
    """Since when the smoothed difference pays against this pair."""
    since = 0 if _earned(held, trends) >= 0 else held.inverted_since_ns or at_ns
    return msgspec.structs.replace(held, inverted_since_ns=since)


def _earned(held: Holding, trends: dict[str, Trend]) -> Decimal:
    """The smoothed difference this pair earns an hour, negative when it pays; nothing while none is known."""
    trend = trends.get(_key(held.asset, (held.taker_venue, held.maker_venue)))
    trend = trend or trends.get(_key(held.asset, (held.maker_venue, held.taker_venue)))
    if trend is None:
        return ZERO
    return trend.smoothed if held.short_venue is trend.venues[0] else -trend.smoothed


# --- guards and actions ------------------------------------------------------------------------------------


def history_seen(state: FundingScanner, context: Context) -> bool:
    """Some trend has been observed for as long as an entry needs."""
    return any(_seen_h(trend, context.at_ns) >= context.policy.scanner.history_h for trend in state.trends.values())


def _seen_h(trend: Trend, at_ns: int) -> Decimal:
    return Decimal(at_ns - trend.since_ns) / HOUR_NS


def candidates(trends: Iterable[Trend], board: Board, policy: Policy, at_ns: int) -> tuple[Candidate, ...]:
    """Those of the trends that can be judged now, the best expected net first."""
    judged = [
        judge(board, policy, trend.asset, trend.venues, trend.smoothed, _seen_h(trend, at_ns), at_ns)
        for trend in trends
    ]
    known = [candidate for candidate in judged if candidate is not None]
    return tuple(sorted(known, key=lambda candidate: (-candidate.expected_net_usd, candidate.asset)))


def open_best_pairs(state: FundingScanner, context: Context) -> Commands:
    """Ask for the best candidates that pass every gate, while there is room; one pair an asset."""
    policy = context.policy
    active = [held for held in state.holdings.values() if not _waiting(held)]
    room = policy.scanner.pairs_most - len(active)
    if room <= 0:
        return ()
    taken = {held.asset: held for held in state.holdings.values()}
    asked: list[str] = []
    commands: Commands = ()
    spawned = state.spawned
    trading = [held.asset for held in active]
    hopeful = [t for t in state.trends.values() if t.asset not in trading and _hopeful(t, policy)]
    for candidate in candidates(hopeful, context.board, policy, context.at_ns):
        if room <= 0:
            break
        paused = state.paused_ns.get(candidate.asset, 0) > context.at_ns
        if not candidate.passed or paused or candidate.asset in asked:
            continue
        held = taken.get(candidate.asset)
        if held is None:
            spawned += 1
            commands += _open_new(candidate, policy, spawned)
        elif _waiting(held) and held.paused_until_ns < context.at_ns:
            commands += _open_again(held, candidate, policy)
        else:
            continue
        asked.append(candidate.asset)
        room -= 1
    return commands


def _hopeful(trend: Trend, policy: Policy) -> bool:
    """The funding alone, before any cost, would be enough; what is not hopeful cannot pass its gates."""
    scanner = policy.scanner
    return abs(trend.smoothed) * scanner.horizon_h >= scanner.net_least_bps * BPS


def _waiting(held: Holding) -> bool:
    """Refused earlier and idle since."""
    return held.paused_until_ns > 0 and not held.hedged_ns


def _open_new(candidate: Candidate, policy: Policy, number: int) -> Commands:
    actor = f"pair_position/{candidate.asset}-{number}"
    order = policy.exit.unreliable_first
    taker, maker = candidate.taker_venue, candidate.maker_venue
    first = min((taker, maker), key=order.index)
    return (
        SpawnPair(actor=actor, asset=candidate.asset, taker_venue=taker, maker_venue=maker, first_to_close=first),
        *begun(PairSpawned(pair=actor, asset=candidate.asset, taker_venue=taker, maker_venue=maker)),
        Tell(to=actor, message=_entry(candidate, policy)),
    )


def _open_again(held: Holding, candidate: Candidate, policy: Policy) -> Commands:
    """Ask an idle pair again; one whose venues have changed roles is retired first."""
    if held.taker_venue is candidate.taker_venue and held.maker_venue is candidate.maker_venue:
        return (Tell(to=held.pair, message=_entry(candidate, policy)),)
    return (Tell(to=held.pair, message=CloseAsked(reason="the other venue is the more liquid one now")),)


def _entry(candidate: Candidate, policy: Policy) -> EntryAsked:
    reason = (
        f"{candidate.rate_per_hour * 10_000:.4f} bps/h for {policy.scanner.horizon_h} h "
        f"against {candidate.round_trip_bps:.2f} bps round trip"
    )
    return EntryAsked(
        taker_side=candidate.taker_side,
        size=candidate.size,
        expected_net_usd=candidate.expected_net_usd.quantize(Decimal("0.01")),
        reason=reason,
    )


def close_tired_pairs(state: FundingScanner, context: Context) -> Commands:
    """Ask pairs to close whose funding has been inverted for too long, when staying costs more than leaving."""
    commands: Commands = ()
    for name in sorted(state.holdings):
        reason = _tired(state, state.holdings[name], context)
        if reason:
            commands += (Tell(to=name, message=CloseAsked(reason=reason)),)
    return commands


def _tired(state: FundingScanner, held: Holding, context: Context) -> str:
    """Why a pair is closed, or nothing. A sign alone is no reason: what the horizon is expected to cost must exceed
    the fees and slippage of being flat now, which a pair that turns again soon would pay for nothing."""
    scanner = context.policy.scanner
    if not held.hedged_ns or not held.inverted_since_ns:
        return ""
    inverted_h = Decimal(context.at_ns - held.inverted_since_ns) / HOUR_NS
    staying_bps = -_earned(held, state.trends) * scanner.horizon_h / BPS
    leaving_bps = _leaving_bps(held, context)
    if inverted_h < scanner.inverted_h or staying_bps < leaving_bps:
        return ""
    return (
        f"funding inverted for {inverted_h:.1f} h: staying {scanner.horizon_h} h costs {staying_bps:.2f} bps, "
        f"being flat now {leaving_bps:.2f} bps"
    )


def _leaving_bps(held: Holding, context: Context) -> Decimal:
    """Both legs closed at market: two taker fees, two slippages; a market that told no fee is counted without."""
    markets = (context.board.market(venue, held.asset) for venue in (held.taker_venue, held.maker_venue))
    fees = sum((market.instrument.taker_fee for market in markets if market.instrument is not None), ZERO)
    return fees / BPS + 2 * context.policy.scanner.slippage_bps


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


def remember(state: FundingScanner, command: AnyCommand, _: Context) -> FundingScanner:
    """Note the pairs asked for and those asked to close."""
    match command:
        case SpawnPair():
            return _remember_spawn(state, command)
        case Tell(message=EntryAsked() as entry):
            held = state.holdings[command.to]
            short = held.taker_venue if entry.taker_side is Side.SELL else held.maker_venue
            return _with_holding(state, command.to, short_venue=short, paused_until_ns=0, inverted_since_ns=0)
        case Tell(message=CloseAsked()):
            return _with_holding(state, command.to, closing=True)
        case _:
            return state


def _remember_spawn(state: FundingScanner, command: SpawnPair) -> FundingScanner:
    held = Holding(
        pair=command.actor,
        asset=command.asset,
        taker_venue=command.taker_venue,
        maker_venue=command.maker_venue,
        short_venue=command.taker_venue,
    )
    return msgspec.structs.replace(state, holdings={**state.holdings, command.actor: held}, spawned=state.spawned + 1)


def alarm_fault(_: FundingScanner, context: Context) -> Commands:
    """This actor's own step raised."""
    error = context.message.error if isinstance(context.message, ActorFaulted) else "unknown"
    return (RaiseAlarm(severity="critical", code="actor_fault", text=f"funding_scanner: a step failed ({error})"),)


ROLE: Role[FundingScanner] = Role(
    chart=CHART,
    absorb=absorb,
    guards={"history_seen": history_seen},
    actions={action.__name__: action for action in (open_best_pairs, close_tired_pairs, alarm_clocks, alarm_fault)},
    duration_s=lambda _, __, policy: policy.scanner.scan_s,
    remember=remember,
)
