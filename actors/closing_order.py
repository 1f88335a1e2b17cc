"""Which of two venues closes first: the configured order, unless what was measured speaks clearly against it. Pure.

A score is how much trouble is to be expected of a venue, larger is worse. It begins at the venue's place in
`policy.exit.unreliable_first` and moves with what was seen, as if `policy.reliability.prior_weight` good observations
of each kind stood before the first. Counterparts: `actors.reliability`, which keeps what was seen, and
`actors.pair_position.books`, which asks when a close begins.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal

import msgspec

from actors.domain import ZERO, Venue
from actors.policy import Policy, ReliabilityPolicy
from actors.reliability import STEP, Measure, Reliability, depth_measure, faded


class ClosingOrder(msgspec.Struct, frozen=True):
    """Which venue closes first, and by which measures; no words where nothing was measured."""

    first: Venue
    words: str = ""


def score(seen: Reliability, venue: Venue, policy: Policy, at_ns: int) -> Decimal:
    """How much trouble is to be expected of the venue, 0 for none; by its place alone where nothing was seen."""
    settings = policy.reliability
    seen = faded(seen, at_ns, settings)
    weight = settings.prior_weight
    prior = _prior(venue, policy) * _share(weight, weight + seen.doubts.count)
    evidence = (factor * _share(each.bad, weight + each.count) for factor, each in _measures(seen, settings))
    return prior + sum(evidence, ZERO)


def _share(part: Decimal, whole: Decimal) -> Decimal:
    return part / whole if whole else ZERO


def _prior(venue: Venue, policy: Policy) -> Decimal:
    """A step for each venue that is configured to be more reliable."""
    return policy.reliability.place_step * _behind(venue, policy)


def _behind(venue: Venue, policy: Policy) -> int:
    order = policy.exit.unreliable_first
    return len(order) - 1 - order.index(venue) if venue in order else 0


def _measures(seen: Reliability, settings: ReliabilityPolicy) -> Iterator[tuple[Decimal, Measure]]:
    yield settings.ack_factor, seen.answers
    yield settings.reject_factor, seen.rejects
    yield settings.doubt_factor, seen.doubts
    yield settings.final_factor, seen.finals
    yield settings.link_factor, seen.links
    yield settings.depth_factor, depth_measure(seen, settings)


def closing_order(
    first: Venue, second: Venue, measured: Mapping[str, Reliability], policy: Policy, at_ns: int
) -> ClosingOrder:
    """Which of two venues closes first: the one the policy puts first, unless the other one is clearly worse.

    `measured` is by venue, `at_ns` the time now; the scores are as of then. Where nothing was measured it is `first`.
    """
    if first.value not in measured and second.value not in measured:
        return ClosingOrder(first)
    first, second = sorted((first, second), key=lambda venue: -_behind(venue, policy))
    seen = [measured.get(venue.value, Reliability()) for venue in (first, second)]
    scores = [score(each, venue, policy, at_ns) for each, venue in zip(seen, (first, second), strict=True)]
    least = policy.reliability.lead_least
    turned = scores[1] - scores[0] >= least
    told = [
        f"{venue.value} {number:.3f} ({words(faded(each, at_ns, policy.reliability), policy.reliability)})"
        for venue, number, each in zip((first, second), scores, seen, strict=True)
    ]
    why = f"measured worse by {least} or more" if turned else f"as configured, not measured worse by {least}"
    before = (second, first) if turned else (first, second)
    lead = f"{before[0].value} before {before[1].value}, {why}"
    return ClosingOrder(before[0], f"{lead}: {'; '.join(told)}")


def words(seen: Reliability, settings: ReliabilityPolicy) -> str:
    """What was measured, for people."""
    if not seen.doubts.count:
        return "no orders measured"
    mean_s = seen.answers.mean_s
    told = ["no answer timed" if mean_s is None else f"answers in {mean_s * 1000:.0f} ms"]
    shares = f"{seen.rejects.share:.0%} rejected and {seen.doubts.share:.0%} in doubt"
    told.append(f"{shares} of {seen.doubts.count:.1f} orders")
    final_s = seen.finals.mean_s
    told += [] if final_s is None else [f"final in {final_s:.1f} s"]
    told += [f"link lost {seen.links.bad:.1f} times"] if seen.links.bad >= STEP else []
    depth = depth_measure(seen, settings)
    told += [f"books thin by {depth.share:.0%}"] if depth.bad else []
    return ", ".join(told)
