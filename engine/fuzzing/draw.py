"""Draws a world from a seed: venues, prices, turns of the market, faults on the wire, acts, deaths, a full disk.

Each aspect has its own stream of chance, so that what one draws moves nothing of the others. Everything is over by
`calm_s`. Counterpart: `world`, which is what is drawn.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from random import Random
from typing import Any

from actors.domain import Venue
from engine.fuzzing.acts import Act, Deleverage, Liquidate, Meddle, Mode, Said, Say, Settle, Socialise
from engine.fuzzing.disks import ATS, FullDisk
from engine.fuzzing.faults import FRAMES, HTTP, ORDERS_OF, QUESTIONS_OF, Strikes, outage, rule, storm
from engine.fuzzing.lives import HOWS, Death
from engine.fuzzing.market import Dry, Flow, Look, Shifted, Silent, Slide, Turn, Unwinding, Wide
from engine.fuzzing.world import World
from engine.simulators.faults import (
    CapFill,
    Delay,
    DelayRequest,
    Disconnect,
    DropFrame,
    DropRequest,
    DropResponse,
    Duplicate,
    Fault,
    FaultRule,
    Garble,
    Hold,
    Reject,
    ResetBefore,
    Restart,
    Skew,
    Slow,
    Status,
    Truncate,
)

PRICES: dict[str, Decimal] = {
    "ETH": Decimal(3000),
    "BTC": Decimal(60_000),
    "SOL": Decimal(150),
    "HYPE": Decimal(30),
    "DOGE": Decimal("0.15"),
}
BEGINS_S = 5.0
"""Nothing befalls a world before; it comes up undisturbed."""
FULL_DISK_CHANCE = 0.06
ROUND = Decimal("0.0001")
SAID: tuple[Said, ...] = ("close", "close", "reduce", "reduce", "emergency", "drain", "kill", "kill")
Venues = tuple[Venue, ...]


def draw(seed: int, allowed: Venues = tuple(Venue)) -> World:
    """The world of a seed, on venues of those allowed (at least two)."""
    rng = _stream(seed, "world")
    venues = _venues(rng, allowed)
    assets = rng.sample(list(PRICES), rng.choice((1, 1, 1, 2, 3)))
    calm_s = round(rng.uniform(60.0, 200.0), 1)
    return World(
        seed=seed,
        venues=venues,
        prices={asset: PRICES[asset] for asset in assets},
        looks=tuple(_looks(_stream(seed, "looks"), venues, assets)),
        lead_s=round(rng.uniform(2.0, 60.0), 3),
        calm_s=calm_s,
        duration_s=calm_s + round(rng.uniform(60.0, 120.0), 1),
        deposit_usd=Decimal(rng.choice((50_000, 50_000, 8_000, 4_500))),
        notional_usd=Decimal(rng.choice((9_000, 9_000, 3_000, 500))),
        hold_s=rng.choice((10.0, 20.0, 60.0, 1000.0)),
        wobble_bps=rng.choice((0.0, 0.5, 3.0, 12.0)),
        pairs_most=rng.choice((1, 2, 3)),
        tight=rng.random() < 0.2,
        wary=rng.random() < 0.2,
        turns=tuple(_turns(_stream(seed, "turns"), venues, assets, calm_s)),
        rules=_rules(_stream(seed, "rules"), venues, calm_s),
        acts=tuple(_acts(_stream(seed, "acts"), venues, assets, calm_s)),
        deaths=tuple(_deaths(_stream(seed, "deaths"), calm_s)),
        disk=_disk(_stream(seed, "disk"), calm_s),
    )


def _stream(seed: int, aspect: str) -> Random:
    return Random(f"fuzz|{seed}|{aspect}")


def _venues(rng: Random, allowed: Venues) -> Venues:
    """Two to all of them, in any order: the first is where longs crowd."""
    count = rng.choice((2, 2, 3, 4))
    return tuple(rng.sample(list(allowed), min(count, len(allowed))))


def _window(rng: Random, calm_s: float, least_s: float = 1.0) -> tuple[float, float]:
    """A stretch of a world's troubled time; short ones are drawn more often."""
    length_s = least_s + (calm_s - BEGINS_S - least_s) * rng.random() ** 2
    from_s = rng.uniform(BEGINS_S, calm_s - length_s)
    return round(from_s, 2), round(from_s + length_s, 2)


def _exact(value: float) -> Decimal:
    return Decimal(str(value)).quantize(ROUND)


# --- the market --------------------------------------------------------------------------------------------


def _looks(rng: Random, venues: Venues, assets: list[str]) -> list[Look]:
    """Longs crowd on the first venue; sellers are many, few, or none where a bid will rest."""
    looks = []
    for asset in assets:
        for number, venue in enumerate(venues):
            rich = number == 0
            premium = rng.uniform(15.0, 25.0) if rich else rng.uniform(-15.0, 5.0)
            flow = 0 if rich else rng.choice((0, 2_000, 200_000))
            looks.append(
                Look(
                    venue=venue.value,
                    asset=asset,
                    premium_bps=_exact(round(premium, 1)),
                    spread_bps=Decimal(rng.choice((1, 2, 5))),
                    touch_usd=Decimal(rng.choice((3_000, 30_000, 300_000))),
                    sold_usd_per_s=Decimal(flow),
                    bought_usd_per_s=Decimal(flow),
                    open_interest_usd=Decimal(900_000_000 if rich else 300_000_000),
                )
            )
    return looks


def _turns(rng: Random, venues: Venues, assets: list[str], calm_s: float) -> list[Turn]:
    turns: list[Turn] = []
    for _ in range(rng.choice((0, 1, 2, 3, 5))):
        asset, venue = rng.choice(assets), rng.choice(("", *(venue.value for venue in venues)))
        from_s, to_s = _window(rng, calm_s)
        turns.append(_turn(rng, asset, venue, from_s, to_s))
    if rng.random() < 0.15:
        turns += _cascade(rng, rng.choice(assets), calm_s)
    return turns


def _turn(rng: Random, asset: str, venue: str, from_s: float, to_s: float) -> Turn:
    where: dict[str, Any] = {"asset": asset, "venue": venue, "from_s": from_s, "to_s": to_s}
    drawn = rng.randrange(7)
    if drawn == 0:
        factor = _exact(rng.choice((1, -1)) * rng.choice((0.005, 0.02, 0.06, 0.15)) + 1)
        return Slide(asset=asset, from_s=from_s, to_s=round(from_s + rng.choice((0.1, 3.0)), 2), factor=factor)
    if drawn == 1:
        return Dry(share=Decimal(rng.choice(("0.1", "0.003", "0"))), **where)
    if drawn == 2:
        return Wide(spread_bps=Decimal(rng.choice((12, 60, 300))), **where)
    if drawn == 3:
        return Shifted(premium_bps=Decimal(rng.choice((-60, -25, 15, 60))), **where)
    if drawn == 4:
        bought, sold = rng.choice(((0, 500_000), (500_000, 0), (500_000, 500_000)))
        return Flow(bought_usd_per_s=Decimal(bought), sold_usd_per_s=Decimal(sold), **where)
    if drawn == 5:
        return Silent(**where)
    return Unwinding(share=Decimal(rng.choice(("0.9", "0.5", "0.1"))), **where)


def _cascade(rng: Random, asset: str, calm_s: float) -> list[Turn]:
    """Liquidations feed on themselves: step after step down (or up), the books gone, the interest leaving."""
    from_s = rng.uniform(BEGINS_S + 10.0, max(BEGINS_S + 11.0, calm_s - 30.0))
    to_s = min(calm_s, from_s + 25.0)
    factor = Decimal(rng.choice(("0.96", "0.92", "1.05")))
    begins = (from_s, from_s + 4, from_s + 8)
    steps = [Slide(asset=asset, from_s=begin_s, to_s=begin_s + 1, factor=factor) for begin_s in begins]
    where: dict[str, Any] = {"asset": asset, "from_s": from_s, "to_s": to_s}
    return [*steps, Dry(share=Decimal("0.02"), **where), Unwinding(share=Decimal("0.6"), **where)]


# --- the wire ----------------------------------------------------------------------------------------------


def _rules(rng: Random, venues: Venues, calm_s: float) -> tuple[FaultRule, ...]:
    if rng.random() < 0.15:
        return storm(rng.choice((0.03, 0.1, 0.2)), BEGINS_S, calm_s)
    drawn: list[FaultRule] = []
    for number in range(rng.choice((0, 0, 2, 4, 6, 9))):
        from_s, to_s = _window(rng, calm_s)
        chance = rng.choice((None, 0.5, 0.2, 0.05))
        fault, strikes = _fault(rng, rng.choice(venues))
        when = {"from_s": from_s, "to_s": to_s, "probability": chance}
        drawn.append(rule(fault, strikes, f"{number}", **when))
    if rng.random() < 0.2:
        from_s, to_s = _window(rng, calm_s, 3.0)
        drawn += outage(rng.choice(venues).value, from_s, round(to_s - from_s, 2))
    return tuple(drawn)


def _fault(rng: Random, venue: Venue) -> tuple[Fault, Strikes]:
    """A fault, and what of a venue's traffic it strikes."""
    here: Strikes = {"venue": venue.value}
    requests = rng.choice(({**HTTP, **here}, ORDERS_OF[venue], ORDERS_OF[venue], QUESTIONS_OF[venue]))
    frames = {**FRAMES, **here, "match": rng.choice(("*", "account*", "*rder*", "*ook*", "user*"))}
    draws: tuple[Callable[[], tuple[Fault, Strikes]], ...] = (
        lambda: (DropRequest(), requests),
        lambda: (DropResponse(), requests),
        lambda: (DelayRequest(delay_s=rng.choice((0.5, 4.0, 12.0, 25.0))), requests),
        lambda: (Delay(delay_s=rng.choice((0.5, 4.0, 12.0))), requests),
        lambda: (Duplicate(), requests),
        lambda: (_status(rng), requests),
        lambda: (Reject(reason=rng.choice(("rate_limited", "margin", "no such word"))), requests),
        lambda: (Disconnect(), requests),
        lambda: (ResetBefore(), requests),
        lambda: (Truncate(keep=0.5), requests),
        lambda: (Slow(over_s=rng.choice((1.0, 8.0))), requests),
        lambda: (Garble(find='"', put="'"), requests),
        lambda: (CapFill(fraction=_exact(rng.choice((0.0, 0.3, 0.9)))), ORDERS_OF[venue]),
        lambda: (DropFrame(), frames),
        lambda: (Delay(delay_s=rng.choice((0.5, 3.0, 15.0))), frames),
        lambda: (Duplicate(copies=rng.choice((1, 3))), frames),
        lambda: (Hold(), frames),
        lambda: (Disconnect(refuse_s=rng.choice((0.0, 8.0))), frames),
        lambda: (Garble(find='"', put="'"), frames),
        lambda: (Truncate(keep=0.9), frames),
        lambda: (Restart(down_s=rng.choice((0.0, 3.0, 12.0))), requests),
        lambda: (Skew(offset_s=rng.choice((-20.0, -1.5, 1.5, 20.0))), {**HTTP, **here}),
    )
    return rng.choice(draws)()


def _status(rng: Random) -> Status:
    return Status(status=rng.choice((429, 500, 502, 503)), body="<html>", executed=rng.random() < 0.5)


# --- acts and deaths ---------------------------------------------------------------------------------------


def _acts(rng: Random, venues: Venues, assets: list[str], calm_s: float) -> list[Act]:
    acts = [_act(rng, rng.choice(venues), rng.choice(assets), calm_s) for _ in range(rng.choice((0, 0, 1, 2, 3)))]
    if Venue.DRIFT in venues and rng.random() < 0.1:
        price = PRICES[assets[0]]
        lost = (price / 500).quantize(Decimal("0.00001"))
        acts.append(Socialise(at_s=_moment(rng, calm_s), asset=assets[0], usd_per_base=lost))
    if rng.random() < 0.3:
        said = rng.choice(SAID)
        acts.append(Say(at_s=_moment(rng, calm_s), said=said))
    return acts


def _act(rng: Random, venue: Venue, asset: str, calm_s: float) -> Act:
    at_s = _moment(rng, calm_s)
    share = _exact(rng.choice((0.2, 0.6, 1.0)))
    drawn = rng.randrange(8)
    if drawn < 2:
        return Deleverage(at_s=at_s, venue=venue, asset=asset, share=share)
    if drawn < 4:
        return Liquidate(at_s=at_s, venue=venue, asset=asset, share=share)
    if drawn < 6:
        for_s = round(min(calm_s - at_s, rng.choice((2.0, 15.0, 60.0))), 2)
        return Mode(at_s=at_s, venue=venue, asset=asset, mode=rng.choice(("halt", "reduce_only")), for_s=for_s)
    if drawn == 6:
        return Settle(at_s=at_s, venue=venue, asset=asset, rate=_exact(rng.choice((-0.01, 0.01))))
    return Meddle(at_s=at_s, venue=venue, asset=asset, share=_exact(rng.choice((0.0, 0.5))))


def _moment(rng: Random, calm_s: float) -> float:
    return round(rng.uniform(BEGINS_S, calm_s), 3)


def _deaths(rng: Random, calm_s: float) -> list[Death]:
    """Where orders are decided, or anywhere."""
    deaths = []
    from_s = BEGINS_S
    for _ in range(rng.choice((0, 0, 0, 1, 1, 2, 3))):
        from_s = round(rng.uniform(from_s, calm_s), 2)
        holds = rng.choice(("SubmitOrder", "SubmitOrder", "OrderFilled", ""))
        deaths.append(
            Death(
                commit=rng.choice((1, 1, 2, 3)) if holds else rng.randrange(1, 40),
                how=rng.choice(HOWS),
                down_s=rng.choice((0.0, 1.0, 5.0, 30.0)),
                from_s=from_s,
                holds=holds,
            )
        )
    return deaths


def _disk(rng: Random, calm_s: float) -> FullDisk | None:
    """Seldom: a run whose journal breaks soon ends, and meets little else."""
    if rng.random() >= FULL_DISK_CHANCE:
        return None
    return FullDisk(from_s=_moment(rng, calm_s), at=rng.choice(ATS))
