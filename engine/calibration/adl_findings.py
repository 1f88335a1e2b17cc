"""What the ADL estimator would have said on 2025-10-10 and in every other recorded hour, counted. Pure.

Counterparts: `adl_replay`, which asks the estimator; `adl_report`, which prints. A *false alarm* is a level in an hour
outside the event; whether the venue deleveraged anybody then is known only up to the event itself.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from itertools import pairwise
from statistics import median

import msgspec

from actors.policy import Policy
from engine.calibration.adl_event import HOUR_MS, SECOND_MS, Candle, Recordings
from engine.calibration.adl_replay import MAX_LEVERAGE, POLICY, Leg, Said, certain, hours, leg_of, said

TUNED_ON = ("BTC", "INJ", "SOL", "WIF")
"""The threshold of level 4 was set on these coins; ARB, ETH and OP were held out."""
EVENT_HOUR_MS = 1_760_130_000_000
"""2025-10-10T21:00:00Z; deleveraging ran from 21:16:04 to 21:27."""
BEFORE_MS = EVENT_HOUR_MS - HOUR_MS
AROUND = (EVENT_HOUR_MS - 9 * HOUR_MS, EVENT_HOUR_MS + 9 * HOUR_MS)
"""Noon to 06:00: these hours are told one by one and are in no count of false alarms."""
TUNED_UNTIL_MS = 1_767_225_600_000
"""2026-01-01: hours before it were looked at when the thresholds were set, those from it on were held out."""
LEVERAGE_MOST, PLAIN = Decimal(3), Decimal(1)
CANDIDATES = tuple(Decimal(each) for each in ("3", "4", "5", "6", "8", "10", "15"))
HOURS_A_MONTH = 730
INTEREST_DROPS = tuple(Decimal(each) for each in ("0.1", "0.15", "0.2", "0.3"))


class OnTheDay(msgspec.Struct, frozen=True, kw_only=True):
    """One coin's short leg on the day. `earlier` are hours (UTC) before 20:00 at level 4 or 5, `later` from 22:00 on.

    `before` is the most that was certainly said from 20:00 to 21:00, `during` from 21:00 to 22:00, `at_first` at the
    first price of the deleveraging itself, where one is recorded.
    """

    coin: str
    first_ms: int
    earlier: tuple[int, ...]
    before: Said
    during: Said
    at_first: Said | None
    later: tuple[int, ...]

    @property
    def lead_s(self) -> int | None:
        """Seconds from 21:00, by which level 4 had certainly been said, to the deleveraging; None where it had not."""
        return (self.first_ms - EVENT_HOUR_MS) // SECOND_MS if self.before.level >= POLICY.adl.reduce_level else None


class Alarms(msgspec.Struct, frozen=True, kw_only=True):
    """Scores of one leg in the hours outside the event that came near a level, and how many hours were judged."""

    coin: str
    sign: int
    held_out: bool
    judged: int
    scores: tuple[Decimal, ...]

    def at_least(self, score: Decimal) -> int:
        """Hours with this score or more."""
        return sum(1 for each in self.scores if each >= score)


class Findings(msgspec.Struct, frozen=True, kw_only=True):
    """All that the page says. `leads_s` are, by coin, seconds from the venue's first deleveraging to the coin's own.

    `plain_warned` are the coins in which a leg of 1x had certainly reached level 4 by 21:00.
    """

    day: tuple[OnTheDay, ...]
    alarms: tuple[Alarms, ...]
    plain_alarms: tuple[Alarms, ...]
    plain_warned: tuple[str, ...]
    leads_s: dict[str, int]
    spared: tuple[str, ...]
    interest_hours: int
    interest_drops: dict[str, int]
    liquidations_before: int
    seconds_before: int
    calm: tuple[int, int, int]


def findings(recorded: Recordings, policy: Policy = POLICY) -> Findings:
    """Every figure, from the recordings alone."""
    least = min(*CANDIDATES, policy.adl.level_scores[2])
    started = [counts for counts in recorded.counts if counts.adls]
    quiet = [counts for counts in recorded.counts if counts.at_ms < started[0].at_ms]
    drops = _interest_drops(recorded)
    first_ms = min(spell.first_ms for spell in recorded.spells.values())
    return Findings(
        day=tuple(_on_the_day(recorded, coin, policy) for coin in recorded.candles),
        alarms=tuple(_alarms(recorded, LEVERAGE_MOST, least, policy)),
        plain_alarms=tuple(_alarms(recorded, PLAIN, least, policy)),
        plain_warned=tuple(coin for coin in recorded.candles if _plain_warned(recorded, coin, policy)),
        leads_s={coin: (spell.first_ms - first_ms) // SECOND_MS for coin, spell in recorded.spells.items()},
        spared=recorded.spared,
        interest_hours=len(drops),
        interest_drops={str(each): sum(1 for drop in drops if drop >= each) for each in INTEREST_DROPS},
        liquidations_before=sum(counts.liquidations for counts in quiet),
        seconds_before=(started[0].at_ms - quiet[0].at_ms) // SECOND_MS,
        calm=recorded.calm,
    )


# --- the day -----------------------------------------------------------------------------------------------


def _on_the_day(recorded: Recordings, coin: str, policy: Policy) -> OnTheDay:
    candles = recorded.candles[coin]
    by_hour = {candle.at_ms: candle for candle in candles}
    told = {at_ms: _most(coin, candles, by_hour[at_ms], policy) for at_ms in range(*AROUND, HOUR_MS)}
    alarming = [at_ms for at_ms, each in told.items() if each.level >= policy.adl.reduce_level]
    return OnTheDay(
        coin=coin,
        first_ms=recorded.spells[coin].first_ms,
        earlier=tuple(at_ms for at_ms in alarming if at_ms < BEFORE_MS),
        before=told[BEFORE_MS],
        during=told[EVENT_HOUR_MS],
        at_first=_at_first(recorded, coin, policy),
        later=tuple(at_ms for at_ms in alarming if at_ms > EVENT_HOUR_MS),
    )


def _plain_warned(recorded: Recordings, coin: str, policy: Policy) -> bool:
    candles = recorded.candles[coin]
    before = next(candle for candle in candles if candle.at_ms == BEFORE_MS)
    return _most(coin, candles, before, policy, PLAIN).level >= policy.adl.reduce_level


def _short(coin: str, candles: tuple[Candle, ...], at_ms: int, leverage: Decimal = LEVERAGE_MOST) -> Leg:
    leg = leg_of(coin, candles, at_ms, -1, leverage)
    assert leg is not None, f"{coin} has no price a day before {at_ms}"
    return leg


def _most(
    coin: str, candles: tuple[Candle, ...], candle: Candle, policy: Policy, leverage: Decimal = LEVERAGE_MOST
) -> Said:
    leg = _short(coin, candles, candle.at_ms, leverage)
    return max((said(leg, marks, policy) for marks in certain(leg, candle)), key=lambda each: each.score)


def _at_first(recorded: Recordings, coin: str, policy: Policy) -> Said | None:
    """From the price at 21:00 to the first price of the deleveraging."""
    if coin not in recorded.first_prices:
        return None
    candles = recorded.candles[coin]
    opened = next(candle.open for candle in candles if candle.at_ms == EVENT_HOUR_MS)
    marks = ((EVENT_HOUR_MS, opened), recorded.first_prices[coin])
    return said(_short(coin, candles, EVENT_HOUR_MS), marks, policy)


# --- all other hours ---------------------------------------------------------------------------------------


def _alarms(recorded: Recordings, leverage: Decimal, least: Decimal, policy: Policy) -> Iterable[Alarms]:
    for coin, candles in recorded.candles.items():
        assert coin in MAX_LEVERAGE, f"the largest leverage of {coin} is not known"
        for sign in (-1, 1):
            near = [each for each in hours(coin, candles, sign, leverage, least, policy) if not _around(each.at_ms)]
            for held_out in (False, True):
                yield Alarms(
                    coin=coin,
                    sign=sign,
                    held_out=held_out,
                    judged=sum(1 for candle in candles if _counted(candle.at_ms, held_out)),
                    scores=tuple(each.score for each in near if _counted(each.at_ms, held_out)),
                )


def _around(at_ms: int) -> bool:
    return AROUND[0] <= at_ms < AROUND[1]


def _counted(at_ms: int, held_out: bool) -> bool:
    return not _around(at_ms) and (at_ms >= TUNED_UNTIL_MS) is held_out


def a_month(alarms: Iterable[Alarms], score: Decimal) -> Decimal:
    """Hours with this score or more, for one leg held through a month of 730 hours."""
    rows = tuple(alarms)
    return Decimal(sum(each.at_least(score) for each in rows)) * HOURS_A_MONTH / sum(each.judged for each in rows)


def warned(day: Iterable[OnTheDay], score: Decimal, *, tuned: bool) -> tuple[str, ...]:
    """The coins that had certainly reached a score by 21:00."""
    return tuple(each.coin for each in day if (each.coin in TUNED_ON) is tuned and each.before.score >= score)


# --- elsewhere on the venue --------------------------------------------------------------------------------


def lead_median_s(leads_s: dict[str, int]) -> int:
    """The median lead of the coins that were not in the first wave."""
    return int(median(lead for lead in leads_s.values() if lead))


def _interest_drops(recorded: Recordings) -> list[Decimal]:
    """Falls of a coin's open interest from one hour's mean to the next, as fractions."""
    return [
        1 - now / before
        for rows in recorded.interest.values()
        for (earlier_ms, before), (later_ms, now) in pairwise(rows)
        if later_ms - earlier_ms == HOUR_MS and before > 0
    ]
