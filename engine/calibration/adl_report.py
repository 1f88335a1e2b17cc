"""`perp2perp calibrate-adl`: what the ADL estimate is worth, as a page (`ADL.md` beside this) or as data."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from itertools import groupby
from pathlib import Path

from engine.calibration import adl_words
from engine.calibration.adl_event import SECOND_MS, Recordings
from engine.calibration.adl_findings import (
    CANDIDATES,
    TUNED_ON,
    Alarms,
    Findings,
    OnTheDay,
    a_month,
    findings,
    lead_median_s,
    warned,
)
from engine.calibration.adl_replay import MAX_LEVERAGE, POLICY, elsewhere


def calibrate(root: Path) -> Findings:
    """Every figure from the recordings under `root`. Raises FileNotFoundError naming an absent file."""
    return findings(Recordings(root))


def markdown(found: Findings) -> str:
    """The page: what is asked of the estimate, the day, all other hours, the other coins, and what is not known."""
    sections = (
        adl_words.HEAD,
        "\n".join(_day(found)),
        adl_words.AFTER_DAY,
        "\n".join(_candidates(found)),
        adl_words.AFTER_CANDIDATES,
        "\n".join(_other_hours(found)),
        "\n".join(_summary(found)),
        adl_words.ELSEWHERE.format(
            first=sum(1 for lead in found.leads_s.values() if not lead),
            later=sum(1 for lead in found.leads_s.values() if lead),
            median=lead_median_s(found.leads_s),
            most=max(found.leads_s.values()),
            spared=", ".join(found.spared),
            spared_count=len(found.spared),
            at_three=elsewhere(Decimal(3)).level,
            at_one=elsewhere(Decimal(1)).level,
            at_fifth=elsewhere(Decimal("0.2")).level,
        ),
        "\n".join(_waves(found)),
        _other_inputs(found),
        adl_words.UNKNOWN,
    )
    return "\n\n".join(section.strip("\n") for section in sections) + "\n"


# --- the day -----------------------------------------------------------------------------------------------


def _day(found: Findings) -> Iterator[str]:
    yield (
        "| coin | set | leverage allowed | said 4 earlier that day | 20-21 h: score, level | ADL began | lead at least "
        "| at its first price | 21-22 h: score, level | said 4 later, to 06 h |"
    )
    yield "|---|---|---|---|---|---|---|---|---|---|"
    yield from (_coin(each) for each in sorted(found.day, key=lambda each: (each.first_ms, each.coin)))


def _coin(day: OnTheDay) -> str:
    first = "not recorded" if day.at_first is None else f"{day.at_first.score:.1f}, {day.at_first.level}"
    lead = "none" if day.lead_s is None else f"{day.lead_s // 60} min {day.lead_s % 60} s"
    cells = (
        day.coin,
        "tuned on" if day.coin in TUNED_ON else "held out",
        f"{MAX_LEVERAGE[day.coin]}x",
        _hours(day.earlier),
        f"{day.before.score:.2f}, {day.before.level}",
        _clock(day.first_ms),
        lead,
        first,
        f"{day.during.score:.1f}, {day.during.level}",
        _hours(day.later),
    )
    return f"| {' | '.join(cells)} |"


def _hours(times: tuple[int, ...]) -> str:
    return ", ".join(f"{_clock(at_ms)[:2]} h" for at_ms in times) or "no"


def _clock(at_ms: int) -> str:
    return datetime.fromtimestamp(at_ms / SECOND_MS, UTC).strftime("%H:%M:%S")


# --- all other hours ---------------------------------------------------------------------------------------


def _candidates(found: Findings) -> Iterator[str]:
    yield "| score | warned, tuned on | warned, held out | tuned hours at 3x | held-out hours at 3x | all hours at 1x |"
    yield "|---|---|---|---|---|---|"
    tuned, held_out = _split(found.alarms)
    for score in CANDIDATES:
        both = [warned(found.day, score, tuned=flag) for flag in (True, False)]
        counts = [f"{_sum(rows, score)} ({a_month(rows, score):.2f} a month)" for rows in (tuned, held_out)]
        cells = (str(score), *(", ".join(coins) or "none" for coins in both), *counts)
        yield f"| {' | '.join(cells)} | {_sum(found.plain_alarms, score)} |"


def _other_hours(found: Findings) -> Iterator[str]:
    four, five = POLICY.adl.level_scores[2:]
    yield "| coin | leg | tuned hours | at 4 | at 5 | held-out hours | at 4 | at 5 |"
    yield "|---|---|---|---|---|---|---|---|"
    keys = groupby(found.alarms, key=lambda each: (each.coin, each.sign))
    for (coin, sign), rows in keys:
        counts = [
            cell for each in rows for cell in (str(each.judged), str(each.at_least(four)), str(each.at_least(five)))
        ]
        yield f"| {coin} | {'long' if sign > 0 else 'short'} | {' | '.join(counts)} |"


def _summary(found: Findings) -> Iterator[str]:
    four = POLICY.adl.level_scores[2]
    false, right = _sum(found.alarms, four), len([each for each in found.day if each.lead_s is not None])
    yield (
        f"Of {false + right} hours at level 4 or 5 (a 3x leg, short or long, one coin) {right} were the hour before a "
        f"deleveraging that is\nrecorded: {Decimal(right) / (false + right):.1%}. A leg of 1x said so in "
        f"{_sum(found.plain_alarms, four)} other hours, and by 21:00 of the day in "
        f"{', '.join(found.plain_warned) or 'no coin'}."
    )


def _split(alarms: tuple[Alarms, ...]) -> tuple[tuple[Alarms, ...], tuple[Alarms, ...]]:
    tuned = tuple(each for each in alarms if not each.held_out)
    return tuned, tuple(each for each in alarms if each.held_out)


def _sum(rows: tuple[Alarms, ...], score: Decimal) -> int:
    return sum(each.at_least(score) for each in rows)


# --- the other coins, the other inputs ---------------------------------------------------------------------


def _waves(found: Findings) -> Iterator[str]:
    yield "| seconds after the venue's first | coins | which |"
    yield "|---|---|---|"
    ordered = sorted(found.leads_s.items(), key=lambda item: (item[1], item[0]))
    for lead, group in groupby(ordered, key=lambda item: item[1]):
        coins = [coin for coin, _ in group]
        yield f"| {lead} | {len(coins)} | {', '.join(coins)} |"


def _other_inputs(found: Findings) -> str:
    fills, marked, seconds = found.calm
    drops = ", ".join(f"{count} times by {Decimal(drop):.0%} or more" for drop, count in found.interest_drops.items())
    return adl_words.OTHER_INPUTS.format(
        hours=found.interest_hours,
        drops=drops,
        liquidations=found.liquidations_before,
        seconds=found.seconds_before,
        calm_fills=fills,
        calm_marked=marked,
        calm_seconds=seconds,
    )
