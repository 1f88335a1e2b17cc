"""What the scanner takes in: the rates and marks of each scan, and what pairs report. Decides nothing."""

from __future__ import annotations

from decimal import Decimal

import msgspec

from actors.actor import Context
from actors.board import Market, market_key
from actors.commands import AnyCommand, SpawnPair, Tell
from actors.domain import NS_PER_S, Side, Venue
from actors.forecast import Series, expected_difference, fresh, observe as observe_rate
from actors.funding_scanner.state import FundingScanner, Holding, with_holding
from actors.gates import funding_of
from actors.messages import CloseAsked, EntryAsked, EntryRefused, PairClosed, PairHedged, PairReopened, TimerFired
from actors.one_time import oldest_ns
from actors.volatility import observe as observe_mark


def absorb(state: FundingScanner, context: Context) -> tuple[FundingScanner, str]:
    """Observe at each scan, note what pairs report; name the trigger."""
    message = context.message
    match message:
        case TimerFired():
            return _observe(state, context), f"timer:{message.timer}"
        case PairHedged():
            return _hedged(state, message, context.at_ns), "PairHedged"
        case EntryRefused():
            return with_holding(state, message.pair, paused_until_ns=_pause_ends_ns(context)), "EntryRefused"
        case PairClosed():
            return _closed(state, message.pair, context), "PairClosed"
        case PairReopened():
            return _reopened(state, message), "PairReopened"
        case _:
            return state, type(message).__name__


def _hedged(state: FundingScanner, message: PairHedged, at_ns: int) -> FundingScanner:
    """A pair tells it again after every repair; it is held since the first time."""
    held = state.holdings.get(message.pair)
    since_ns = (held.hedged_ns if held is not None else 0) or at_ns
    return with_holding(state, message.pair, hedged_ns=since_ns, size=message.size, paused_until_ns=0)


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


# --- at each scan --------------------------------------------------------------------------------------------


def _observe(state: FundingScanner, context: Context) -> FundingScanner:
    """Fold the rates and marks of this moment into what is remembered, and that into the holdings."""
    series, swings = dict(state.series), dict(state.swings)
    half_life_h = context.policy.gates.volatility_half_life_h
    for venue, asset, market in _fresh_markets(context):
        key = market_key(venue, asset)
        rate = funding_of(market)
        if rate is not None:
            series[key] = observe_rate(series.get(key) or fresh(venue), rate, context.at_ns, context.policy.forecast)
        if market.mark is not None:
            swings[key] = observe_mark(swings.get(key), market.mark, context.at_ns, half_life_h)
    holdings = {name: _age(held, series, context) for name, held in state.holdings.items()}
    return msgspec.structs.replace(state, series=series, swings=swings, holdings=holdings, scans=state.scans + 1)


def _fresh_markets(context: Context) -> list[tuple[Venue, str, Market]]:
    """Every configured market that was sampled lately; what was told too long ago does not count."""
    scanner = context.policy.scanner
    oldest = oldest_ns(context.at_ns, context.policy)
    every = [(venue, asset, context.board.market(venue, asset)) for asset in scanner.assets for venue in scanner.venues]
    return [each for each in every if each[2].mark is not None and each[2].sampled_ns >= oldest]


def _age(held: Holding, series: dict[str, Series], context: Context) -> Holding:
    """Since when the forecast is that this pair pays."""
    earned = _earned(held, series, context)
    since = 0 if earned is None or earned >= 0 else held.inverted_since_ns or context.at_ns
    return msgspec.structs.replace(held, inverted_since_ns=since)


def _earned(held: Holding, series: dict[str, Series], context: Context) -> Decimal | None:
    short, long = (series.get(market_key(venue, held.asset)) for venue in (held.short_venue, held.long_venue))
    if short is None or long is None:
        return None
    return expected_difference(short, long, context.policy.scanner.horizon_h, context.policy.forecast)


# --- what was said -------------------------------------------------------------------------------------------


def remember(state: FundingScanner, command: AnyCommand, _: Context) -> FundingScanner:
    """Note the pairs asked for and those asked to close."""
    match command:
        case SpawnPair():
            return _remember_spawn(state, command)
        case Tell(message=EntryAsked() as entry):
            held = state.holdings[command.to]
            short = held.taker_venue if entry.taker_side is Side.SELL else held.maker_venue
            changes = {"short_venue": short, "size": entry.size, "paused_until_ns": 0, "inverted_since_ns": 0}
            return with_holding(state, command.to, **changes)
        case Tell(message=CloseAsked()):
            return with_holding(state, command.to, closing=True)
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
