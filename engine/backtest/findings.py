"""Everything a report says, as data: the engine's figures, the simple rules beside them, and what to be wary of.

Money is USD; only here is it rounded to cents. Counterparts: `words` and `page`, which say it to people.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from actors.domain import HOUR_NS, ZERO
from engine.backtest import baselines
from engine.backtest.baselines import Hour, Made, Tape, Terms
from engine.backtest.one_run import Outcome, PairOutcome
from engine.backtest.request import Asked, held_out_in
from engine.backtest.split import Window
from engine.simulators.market import Coverage, Played, Span
from engine.simulators.market.recorded import DEFAULT_LIQUIDITY

SHORT_DAYS = 60
DAY_NS = 24 * HOUR_NS
STATIC_SHARE = 4
"""Without train days of its own the static rule looks at the first of so many parts."""


def tapes(played: Played) -> dict[str, Tape]:
    """What every venue paid and showed at every recorded hour, by asset, as the market tells it when it first does."""
    market = played.market
    venues = [origin.venue for origin in market.provenance()]
    found: dict[str, Tape] = {}
    for each in played.coverage:
        tape: dict[int, Mapping[str, Hour]] = {}
        for at_ns in range(market.start_ns, market.end_ns or 0, HOUR_NS):
            points = {venue: market.sample(venue, each.asset, at_ns) for venue in venues}
            told = {
                venue: Hour(point.mid, point.settled_rate or ZERO, point.forming_rate)
                for venue, point in points.items()
                if point is not None
            }
            if len(told) == len(venues):
                tape[at_ns] = told
        found[each.asset] = tape
    return found


def terms_of(asked: Asked, fees: Mapping[str, Decimal]) -> Terms:
    """What a leg of a simple rule costs."""
    return Terms(asked.notional_usd, fees, Decimal(str(DEFAULT_LIQUIDITY.spread_bps)) / 2)


def rules(found: Mapping[str, Tape], terms: Terms, span: Span, static_from_ns: int) -> dict[str, dict[str, Any]]:
    """The simple rules on the hours of a span; the static one chooses by what came before `static_from_ns`."""
    made: dict[str, Made] = {}
    cut = {
        asset: {at_ns: hour for at_ns, hour in tape.items() if span.from_ns <= at_ns < span.to_ns}
        for asset, tape in found.items()
    }
    for name in ("flat", "static", "naive"):
        parts = []
        for asset, tape in cut.items():
            chosen = baselines.static(found[asset], static_from_ns)
            rule = {"flat": baselines.flat, "static": chosen, "naive": baselines.naive}[name]
            parts.append(baselines.follow(tape, rule, terms))
        made[name] = baselines.together(parts)
    begins = {"static": max(span.from_ns, static_from_ns)}
    return {name: _made(each, span.to_ns - begins.get(name, span.from_ns)) for name, each in made.items()}


def static_from(span: Span) -> int:
    """Where the static rule begins without train days."""
    quarter_ns = (span.to_ns - span.from_ns) // STATIC_SHARE
    return span.from_ns + quarter_ns - quarter_ns % HOUR_NS


def _made(made: Made, lasts_ns: int) -> dict[str, Any]:
    """`days` are those in which the rule may hold anything: its net is a yearly rate over them."""
    curve = list(made.curve.values())
    return {
        "days": lasts_ns / DAY_NS,
        "net": usd(made.net),
        "funding": usd(made.funding),
        "fees": usd(made.fees),
        "price": usd(made.price),
        "drawdown": usd(drawdown(curve)),
        "trades": made.trades,
        "turnover": usd(made.traded),
        "curve": [[at_ns // 1_000_000_000, usd(value)] for at_ns, value in made.curve.items()],
    }


def drawdown(curve: Iterable[Decimal]) -> Decimal:
    """The largest fall below an earlier high, the start at 0 included."""
    high = worst = ZERO
    for value in curve:
        high = max(high, value)
        worst = max(worst, high - value)
    return worst


def engine_figures(outcome: Outcome, capital_usd: Decimal, names: Mapping[str, str]) -> dict[str, Any]:
    """One run of the engine. `capital_usd` is what its net is a part of: one leg's notional in every asset.
    `names` says who a simulated venue stands for."""
    if outcome.failed:
        return {"name": outcome.name, "changes": outcome.changes, "failed": outcome.failed}
    pairs = outcome.pairs
    days = Decimal(outcome.to_ns - outcome.from_ns) / DAY_NS
    exposures = [sample.exposure for sample in outcome.samples]
    return {
        "name": outcome.name,
        "changes": outcome.changes,
        "from": time_of(outcome.from_ns),
        "to": time_of(outcome.to_ns),
        "days": float(days),
        "ended_well": outcome.ended_well,
        "net": usd(outcome.net),
        "apr_percent": round(float(outcome.net / capital_usd / days * 365 * 100), 2),
        "funding": usd(_sum(pairs, "funding")),
        "fees": usd(_sum(pairs, "fees")),
        "price": usd(_sum(pairs, "price")),
        "expected_net": usd(_sum(pairs, "expected_net")),
        "unexplained": usd(outcome.unexplained),
        "drawdown": usd(drawdown(sample.net for sample in outcome.samples)),
        "exposure_mean": usd(sum(exposures, ZERO) / max(1, len(exposures))),
        "exposure_most": usd(max(exposures, default=ZERO)),
        "hours_in_market": sum(1 for sample in outcome.samples if sample.pairs),
        "hours": len(outcome.samples),
        "trades": len(pairs),
        "orders": outcome.orders,
        "turnover": usd(_sum(pairs, "traded")),
        "naked_s": float(_sum(pairs, "naked_s")),
        "naked_usd_s": usd(_sum(pairs, "naked_usd_s")),
        "held_h_median": _median([pair.held_h for pair in pairs]),
        "held_h_most": max((pair.held_h for pair in pairs), default=0.0),
        "by_asset": _by_asset(pairs),
        "by_venue": {names.get(venue, venue): told for venue, told in _by_venue(pairs).items()},
        "pairs": [_pair(pair, names) for pair in pairs],
        "alarms": outcome.alarms,
        "messages": outcome.messages,
        "curve": [
            [s.at_ns // 1_000_000_000, usd(s.net), usd(s.funding), usd(s.fees), usd(s.exposure)]
            for s in outcome.samples
        ],
    }


def _sum(pairs: Iterable[PairOutcome], field: str) -> Decimal:
    return sum((getattr(pair, field) for pair in pairs), ZERO)


def _median(values: list[float]) -> float:
    return sorted(values)[len(values) // 2] if values else 0.0


def _by_asset(pairs: Sequence[PairOutcome]) -> dict[str, dict[str, float]]:
    found: dict[str, dict[str, float]] = {}
    for asset in dict.fromkeys(sorted(pair.asset for pair in pairs)):
        own = [pair for pair in pairs if pair.asset == asset]
        figures = {name: usd(_sum(own, name)) for name in ("net", "funding", "fees", "price", "traded")}
        found[asset] = {**figures, "trades": len(own), "held_h": round(sum(pair.held_h for pair in own), 1)}
    return found


def _by_venue(pairs: Sequence[PairOutcome]) -> dict[str, dict[str, float]]:
    venues = dict.fromkeys(venue for pair in pairs for venue in (pair.short, pair.long))
    return {
        venue: {
            "funding": usd(sum((pair.funding_by_venue.get(venue, ZERO) for pair in pairs), ZERO)),
            "fees": usd(sum((pair.fees_by_venue.get(venue, ZERO) for pair in pairs), ZERO)),
            "traded": usd(sum((pair.traded_by_venue.get(venue, ZERO) for pair in pairs), ZERO)),
            "held_short": sum(1 for pair in pairs if pair.short == venue),
            "held_long": sum(1 for pair in pairs if pair.long == venue),
        }
        for venue in sorted(venues)
    }


def _pair(pair: PairOutcome, names: Mapping[str, str]) -> dict[str, Any]:
    return {
        "pair": pair.pair,
        "short": names.get(pair.short, pair.short),
        "long": names.get(pair.long, pair.long),
        "entered": time_of(pair.entered_ns),
        "held_h": pair.held_h,
        "funding": usd(pair.funding),
        "fees": usd(pair.fees),
        "price": usd(pair.price),
        "net": usd(pair.net),
        "expected_net": usd(pair.expected_net),
        "naked_s": float(pair.naked_s),
        "entry_reason": pair.entry_reason,
        "close_reason": pair.close_reason,
    }


def warnings(asked: Asked, played: Played, outcomes: Iterable[Outcome]) -> list[str]:
    """What a reader must know before believing a figure."""
    days = (asked.span.to_ns - asked.span.from_ns) / DAY_NS
    told = []
    if days < SHORT_DAYS:
        told.append(f"{days:.0f} days are too short for a claim: under {SHORT_DAYS} days a result is mostly chance")
    told += [
        f"{', '.join(assets)}: {words}"
        for words, assets in _alike((_missing_words(each), each.asset) for each in played.coverage if each.missing)
    ]
    told += played.notes
    told += ["the rate shown is the last settled one: what the venues showed as forming was not recorded"]
    told += ["books are made up (2 bps spread, 30 000 USD at the touch): slippage and maker fills are the simulator's"]
    told += _fewer_pairs(asked, played)
    told += [_tuned(asked)]
    reported = held_out_in(tuple(window.test for window in asked.windows) or (asked.span,), asked.assets)
    if reported:
        told.append(f"held-out data are in these figures ({'; '.join(reported)}): nothing may be chosen by them")
    if asked.held_out_used:
        told.append(f"held-out data were used to choose parameters: {'; '.join(asked.held_out_used)}")
    told += [f"run {each.name!r} failed: {each.failed}" for each in outcomes if each.failed]
    told += [f"run {each.name!r} left something open" for each in outcomes if not each.failed and not each.ended_well]
    return told


def _fewer_pairs(asked: Asked, played: Played) -> list[str]:
    most, assets = asked.config.policy.scanner.pairs_most, len(played.coverage)
    return (
        [f"the engine holds at most {most} pairs at once, a rule one in each of {assets} assets"]
        if most < assets
        else []
    )


def _missing_words(each: Coverage) -> str:
    return (
        f"{each.missing} of {each.hours + each.missing} hours are not recorded on every venue (longest hole "
        f"{each.longest_missing_h} h): no price moves, no funding, nothing opened on them"
    )


def _alike(told: Iterable[tuple[str, str]]) -> list[tuple[str, list[str]]]:
    """What is said of several assets, once."""
    found: dict[str, list[str]] = {}
    for words, asset in told:
        found.setdefault(words, []).append(asset)
    return list(found.items())


def _tuned(asked: Asked) -> str:
    if asked.windows:
        return f"parameters were chosen among {len(asked.sets)} sets on each window's train days; only test days count"
    if len(asked.sets) > 1:
        return f"{len(asked.sets)} sets were compared on the very hours they are reported on: the best one is flattered"
    return "nothing was tuned on these hours by this command; how the profile came by its numbers it does not know"


def window_words(window: Window) -> str:
    """Train and test days."""
    parts = [f"{time_of(span.from_ns)[:10]}..{time_of(span.to_ns)[:10]}" for span in (window.train, window.test)]
    return f"train {parts[0]}, test {parts[1]}"


def time_of(at_ns: int) -> str:
    """UTC, to the minute."""
    return datetime.fromtimestamp(at_ns / 1e9, UTC).strftime("%Y-%m-%dT%H:%MZ")


def usd(value: Decimal) -> float:
    """Rounded to cents."""
    return float(value.quantize(Decimal("0.01")))
