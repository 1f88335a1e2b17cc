"""How reliable each venue has proved: what its words about our orders, its link and its books were like. Pure.

`actors.risk.observing` shows it every order, link and book that risk sees; the core puts it on the board. Counterpart:
`actors.closing_order`, which judges by it. Everything is a decayed sum: small, and the past fades by a half-life.
"""

from __future__ import annotations

from decimal import Decimal
from functools import lru_cache

import msgspec

from actors.domain import HOUR_NS, NS_PER_S, ONE, ZERO, Noun
from actors.policy import ReliabilityPolicy

STEP = Decimal("1E-9")
"""Sums are kept to this; the rest is noise."""
GONE = Decimal(400)
"""After so many half-lives nothing is left of what was seen."""


class Measure(msgspec.Struct, frozen=True, array_like=True):
    """One kind of observation: how many, how bad all together (each from 0 to 1), and how many seconds they took."""

    count: Decimal = ZERO
    bad: Decimal = ZERO
    seconds: Decimal = ZERO

    @property
    def share(self) -> Decimal:
        """How bad they were on average, 0 where there were none."""
        return min(ONE, self.bad / self.count) if self.count else ZERO

    @property
    def mean_s(self) -> Decimal | None:
        """Seconds on average; None where there were none."""
        return self.seconds / self.count if self.count else None

    def plus(self, count: Decimal, bad: Decimal, seconds: Decimal = ZERO) -> Measure:
        """With more observations."""
        return Measure(self.count + count, self.bad + bad, self.seconds + seconds)

    def faded(self, kept: Decimal) -> Measure:
        """What is left of them."""
        return Measure(
            (self.count * kept).quantize(STEP), (self.bad * kept).quantize(STEP), (self.seconds * kept).quantize(STEP)
        )


class Depth(msgspec.Struct, frozen=True, array_like=True):
    """One market's book, base units on the thinner side: the worst of this hour and of the one before, the sum and
    number of this hour's looks, and the decayed sum of the hours' means with how many hours are in it."""

    hour: int
    worst: Decimal
    before: Decimal | None
    total: Decimal
    looks: int
    hours_total: Decimal = ZERO
    hours: Decimal = ZERO


class Reliability(Noun, frozen=True, kw_only=True):
    """What was seen of one venue; all sums are as of `at_ns`.

    `answers` are the times to the first word on an order, `finals` those to the end of immediate orders that filled;
    `rejects` and `doubts` count each order once. `links` counts hours that were watched, and losses as bad ones;
    `losses` is how many the board had told of then, `watched_ns` when that was. `depths` are by asset.
    """

    at_ns: int = 0
    answers: Measure = Measure()
    rejects: Measure = Measure()
    doubts: Measure = Measure()
    finals: Measure = Measure()
    links: Measure = Measure()
    losses: int = 0
    watched_ns: int = 0
    depths: dict[str, Depth] = msgspec.field(default_factory=dict)


# --- observing ---------------------------------------------------------------------------------------------


def observe_order(seen: Reliability, *, doubted: bool, at_ns: int, settings: ReliabilityPolicy) -> Reliability:
    """An order was answered for the first time, or its outcome is unknown before it was."""
    seen = faded(seen, at_ns, settings)
    doubts = seen.doubts.plus(ONE, ONE if doubted else ZERO)
    return msgspec.structs.replace(seen, doubts=doubts, rejects=seen.rejects.plus(ONE, ZERO))


def observe_answer(seen: Reliability, took_ns: int, at_ns: int, settings: ReliabilityPolicy) -> Reliability:
    """How long the first word on an order took."""
    seen = faded(seen, at_ns, settings)
    seconds = _seconds(took_ns)
    bad = _excess(seconds, settings.ack_usual_s, settings.ack_bad_s)
    return msgspec.structs.replace(seen, answers=seen.answers.plus(ONE, bad, seconds))


def observe_doubt(seen: Reliability, at_ns: int, settings: ReliabilityPolicy) -> Reliability:
    """The outcome of an order that was observed already is unknown now."""
    seen = faded(seen, at_ns, settings)
    return msgspec.structs.replace(seen, doubts=seen.doubts.plus(ZERO, ONE))


def observe_reject(seen: Reliability, at_ns: int, settings: ReliabilityPolicy) -> Reliability:
    """The venue refused an order, that was observed already, for a reason of its own."""
    seen = faded(seen, at_ns, settings)
    return msgspec.structs.replace(seen, rejects=seen.rejects.plus(ZERO, ONE))


def observe_final(seen: Reliability, took_ns: int, at_ns: int, settings: ReliabilityPolicy) -> Reliability:
    """How long it took from an immediate order that filled to its end."""
    seen = faded(seen, at_ns, settings)
    seconds = _seconds(took_ns)
    bad = _excess(seconds, settings.final_usual_s, settings.final_bad_s)
    return msgspec.structs.replace(seen, finals=seen.finals.plus(ONE, bad, seconds))


def observe_link(seen: Reliability, losses: int, at_ns: int, settings: ReliabilityPolicy) -> Reliability:
    """How often the link has been lost since the run began; the time since the last look counts as good, an hour at
    most. The first look only begins the count."""
    if not seen.watched_ns:
        return msgspec.structs.replace(faded(seen, at_ns, settings), losses=losses, watched_ns=at_ns)
    if at_ns == seen.watched_ns == seen.at_ns and losses == seen.losses:
        return seen
    watched_ns = min(HOUR_NS, max(0, at_ns - seen.watched_ns))
    lost = Decimal(max(0, losses - seen.losses))
    seen = faded(seen, at_ns, settings)
    links = seen.links.plus(Decimal(watched_ns) / HOUR_NS + lost, lost)
    return msgspec.structs.replace(seen, links=links, losses=losses, watched_ns=at_ns)


def observe_depth(seen: Reliability, asset: str, size: Decimal, at_ns: int, settings: ReliabilityPolicy) -> Reliability:
    """What one market's book held on its thinner side (base units, >= 0)."""
    assert size >= 0
    seen = faded(seen, at_ns, settings)
    depth = _looked(seen.depths.get(asset), size, at_ns // HOUR_NS)
    return msgspec.structs.replace(seen, depths={**seen.depths, asset: depth})


def _looked(depth: Depth | None, size: Decimal, hour: int) -> Depth:
    if depth is None:
        return Depth(hour, size, None, size, 1)
    if depth.hour == hour:
        worst, looks = min(depth.worst, size), depth.looks + 1
        return Depth(hour, worst, depth.before, depth.total + size, looks, depth.hours_total, depth.hours)
    before = depth.worst if depth.hour == hour - 1 else None
    mean = (depth.total / depth.looks).quantize(STEP)
    return Depth(hour, size, before, size, 1, depth.hours_total + mean, depth.hours + ONE)


def _seconds(took_ns: int) -> Decimal:
    return (Decimal(max(0, took_ns)) / NS_PER_S).quantize(STEP)


def _excess(value: Decimal, usual: Decimal, bad: Decimal) -> Decimal:
    """0 up to the usual, 1 from the bad on, straight between them."""
    if bad <= usual:
        return ONE if value > usual else ZERO
    return max(ZERO, min(ONE, (value - usual) / (bad - usual))).quantize(STEP)


# --- fading ------------------------------------------------------------------------------------------------


def faded(seen: Reliability, at_ns: int, settings: ReliabilityPolicy) -> Reliability:
    """What is left of it now. Time that goes back changes nothing."""
    if at_ns <= seen.at_ns:
        return seen
    kept = _kept(at_ns - seen.at_ns, settings.half_life_h) if seen.at_ns else ONE
    if kept == ONE:
        return msgspec.structs.replace(seen, at_ns=at_ns)
    return msgspec.structs.replace(
        seen,
        at_ns=at_ns,
        answers=seen.answers.faded(kept),
        rejects=seen.rejects.faded(kept),
        doubts=seen.doubts.faded(kept),
        finals=seen.finals.faded(kept),
        links=seen.links.faded(kept),
        depths={asset: _thinner(depth, kept) for asset, depth in seen.depths.items()},
    )


def _thinner(depth: Depth, kept: Decimal) -> Depth:
    hours_total, hours = (depth.hours_total * kept).quantize(STEP), (depth.hours * kept).quantize(STEP)
    return Depth(depth.hour, depth.worst, depth.before, depth.total, depth.looks, hours_total, hours)


@lru_cache(maxsize=256)
def _kept(elapsed_ns: int, half_life_h: Decimal) -> Decimal:
    """The share that is left after that time."""
    if elapsed_ns <= 0 or half_life_h <= 0:
        return ONE
    lives = Decimal(elapsed_ns) / HOUR_NS / half_life_h
    return ZERO if lives > GONE else Decimal(2) ** -lives


# --- books under stress -----------------------------------------------------------------------------------


def depth_measure(seen: Reliability, settings: ReliabilityPolicy) -> Measure:
    """How thin the books were at the worst of the last hour or two, against their usual; an hour seen counts as one."""
    hour, measure = seen.at_ns // HOUR_NS, Measure()
    for depth in seen.depths.values():
        if depth.hours_total <= 0 or depth.hour < hour - 1:
            continue
        left = worst_share(depth)
        bad = ONE - min(ONE, left / settings.depth_usual_share) if settings.depth_usual_share else ZERO
        measure = measure.plus(depth.hours, bad * depth.hours)
    return measure


def worst_share(depth: Depth) -> Decimal:
    """The worst of this hour and the one before, as a share of the hours' mean before that."""
    worst = depth.worst if depth.before is None else min(depth.worst, depth.before)
    return worst * depth.hours / depth.hours_total if depth.hours_total > 0 else ONE
