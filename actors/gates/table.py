"""Every gate: its check, its formula, the limits of the policy it reads, and why it is there. `GATES.md` is this table.

Counterparts: `judging`, which asks them in this order; the modules of checks beside this.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import msgspec

from actors.gates import returns, risks, venues
from actors.gates.case import Case, Gate
from actors.policy import Policy


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One row: `limits` are fields of the policy, as `section.field`."""

    name: str
    check: Callable[[Case], Gate]
    formula: str
    limits: tuple[str, ...] = ()
    why: str


def _row(name: str, check: Callable[[Case], Gate], formula: str, limits: str, why: str) -> Entry:
    return Entry(name=name, check=check, formula=formula, limits=tuple(limits.split()), why=why)


TABLE: tuple[Entry, ...] = (
    _row(
        "openings_allowed",
        venues.openings_allowed,
        "risk watches, no person holds openings, neither market is disarmed",
        "",
        "a pair that is denied at once would keep its asset idle for the pause after a failed entry",
    ),
    _row("links", venues.links, "both links are up", "", "an order could not be followed"),
    _row(
        "link_age",
        venues.link_age,
        "since the link came up",
        "gates.link_up_least_s",
        "a link that flaps leaves the second leg behind",
    ),
    _row(
        "link_health",
        venues.link_health,
        "frames refused lately, of either link",
        "gates.refused_frames_most gates.refused_frames_window_s",
        "what cannot be read may be the word on our order",
    ),
    _row(
        "rate_budget",
        venues.rate_budget,
        "what is left of each venue's rate limit",
        "gates.rate_budget_least_fraction",
        "an entry and its emergency close must fit",
    ),
    _row(
        "reconciled",
        venues.reconciled,
        "each venue was asked, and holds nothing no pair of ours holds",
        "",
        "somebody else's position would be taken for ours",
    ),
    _row("venue_status", venues.venue_status, "both markets may be opened in", "", "the second leg would be refused"),
    _row(
        "identity",
        venues.same_instrument,
        "oracles agree, one multiplier, settle tokens allowed",
        "scanner.identity_price_most_bps scanner.settle_tokens scanner.settle_tokens_may_differ",
        "two instruments of one name hedge nothing",
    ),
    _row(
        "settle_token",
        venues.settle_token,
        "haircut of each leg's token",
        "gates.settle_haircuts_bps gates.settle_haircut_most_bps",
        "profit is worth what its token is",
    ),
    _row(
        "funding_calibrated",
        venues.funding_calibrated,
        "the rate's unit was checked against payments",
        "scanner.calibrated_only",
        "a rate per day read as per hour is 24 times too good",
    ),
    _row(
        "clock_skew",
        venues.clock_skew,
        "freshest word's time less ours",
        "scanner.clock_skew_most_s",
        "expiries and nonces lie on a wrong clock",
    ),
    _row(
        "insurance_tier",
        venues.insurance,
        "tier of each venue",
        "gates.insurance_tiers gates.insurance_tier_most",
        "where losses are socialised, holders pay for others",
    ),
    _row(
        "oracle",
        venues.oracle,
        "abs(mark / oracle - 1) on each venue, and its age",
        "gates.oracle_divergence_most_bps gates.sample_age_most_s",
        "a mark that left its oracle comes back, or liquidates",
    ),
    _row(
        "quote_age_s",
        risks.quote_age,
        "age of the older quote",
        "scanner.quote_age_most_s",
        "an old book is no book",
    ),
    _row(
        "spread_bps",
        risks.spread,
        "(ask - bid) / mid, the wider one",
        "scanner.spread_most_bps",
        "half of it is paid at every market order",
    ),
    _row(
        "divergence_bps",
        risks.divergence,
        "abs(mark / mark - 1) between the venues, of marks told at one time",
        "scanner.divergence_most_bps prices.told_within_s scanner.quote_age_most_s",
        "what is entered apart may be left further apart",
    ),
    _row(
        "mark_path_bps",
        risks.path,
        "the opening's limit and both marks against the median of each market's recent marks, the furthest",
        "risk.path_collar_bps risk.path_window_s risk.path_samples_least entry.taker_slippage_bps",
        "a spike takes the collar about the mark with it",
    ),
    _row(
        "volatility_day",
        risks.volatility,
        "sqrt(24 x smoothed squared hourly return), the larger",
        "gates.volatility_most gates.volatility_half_life_h gates.volatility_hours_least gates.volatility_assumed "
        "gates.volatility_assumed_other",
        "a leg is naked for seconds, and margin moves with the price",
    ),
    _row(
        "depth_bps",
        risks.depth,
        "cost of the size beyond the mid, dearest book and side",
        "scanner.slippage_most_bps",
        "it has to be left through the same books",
    ),
    _row(
        "open_interest_share",
        risks.open_interest,
        "size / open interest, the smaller market",
        "scanner.open_interest_share_most",
        "a large share cannot leave when all leave",
    ),
    _row(
        "size_above_minimum",
        risks.minimum,
        "size x lower mark against both venues' least notional",
        "",
        "a leg below it could not be hedged, or closed in parts",
    ),
    _row(
        "leverage",
        risks.leverage,
        "gross of a venue / its equity, with the new leg",
        "risk.leverage_most",
        "the house's limit, at most 3",
    ),
    _row(
        "liquidation_buffer",
        risks.buffer,
        "(equity - maintenance) / (shorts + their maintenance), or / (longs - theirs), the nearer, with the new leg, "
        "against max(least, volatilities x 30-day deviation)",
        "gates.buffer_least_fraction gates.buffer_volatilities",
        "one leg is liquidated long before the other has paid for it",
    ),
    _row(
        "adl_level",
        risks.adl,
        "leverage with the new leg x stress of its market, as a level",
        "gates.adl_level_most",
        "a leg that is taken leaves the other naked",
    ),
    _row(
        "endurance",
        risks.endurance,
        "equity left of each account after shocks, a venue gone, a leg taken, funding turned; at the largest size "
        "that survives them",
        "endurance.shocks endurance.equity_floor_fraction endurance.maintenance_multiple endurance.slippage_bps "
        "endurance.stressed_spread_multiple endurance.stressed_depth_fraction endurance.stressed_beyond_bps "
        "endurance.funding_multiple endurance.funding_caps_per_hour",
        "several things go wrong on one day",
    ),
    _row(
        "history_h",
        returns.history,
        "hours both rates were observed",
        "scanner.history_h",
        "a first rate says little",
    ),
    _row(
        "persistence",
        returns.persistence,
        "share of recent hours with the expected sign",
        "scanner.persistence_least",
        "a mean of flips is earned by nobody",
    ),
    _row(
        "expected_net_bps",
        returns.net,
        "(funding + basis - fees - slippage - gas) / notional - confidence x error x horizon",
        "scanner.net_least_bps scanner.confidence scanner.horizon_h costs.gas_usd costs.basis_gain_share "
        "costs.basis_cost_share prices.told_within_s",
        "it is what all this is for",
    ),
    _row(
        "settlement",
        returns.settlement,
        "time to the next whole hour, if today's rates would pay",
        "gates.settlement_pause_s",
        "the first payment need not be ours",
    ),
)


def page(policy: Policy) -> str:
    """GATES.md, with the limits of that policy."""
    return "\n".join(_lines(policy)) + "\n"


def _lines(policy: Policy) -> Iterator[str]:
    yield "# Gates before an entry"
    yield ""
    yield "All must pass. Limits are fields of a profile's `[policy.<section>]`; shown are the defaults in code, which"
    yield "the profiles under `config/` may set otherwise. Written from `actors.gates.table`."
    yield ""
    yield "| gate | formula | limits | why |"
    yield "|---|---|---|---|"
    for entry in TABLE:
        limits = "<br>".join(f"`{path}` = {_shown(_value(policy, path))}" for path in entry.limits)
        yield f"| {entry.name} | {entry.formula} | {limits} | {entry.why} |"


def _value(policy: Policy, path: str) -> object:
    section, _, field = path.partition(".")
    return getattr(getattr(policy, section), field)


def _shown(value: object) -> str:
    match value:
        case dict():
            return ", ".join(f"{key} {_shown(each)}" for key, each in value.items())
        case tuple():
            return ", ".join(_shown(each) for each in value)
        case float():
            return f"{value:g}"
        case _:
            return str(value)
