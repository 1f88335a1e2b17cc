"""How long a pair may be held: reviews at which staying must be worth it, and an end that is no question. Pure.

An entry was decided by a forecast of some days; after `auto_close.hold_most_h` the question is put again, and after
each review that lets the pair stay once more. It stays when the forecast that would open it (mean less `confidence`
errors over `scanner.horizon_h`, and what the marks' convergence brings) is worth `scanner.net_least_bps`. The entry is
paid already, and the exit is due sooner or later: neither is counted. So it is where a pair has reached its profit
target: what it earned is its own either way. After `auto_close.hold_longest_h` it is closed.

Counterparts: `auto_close`, whose rows these are; `actors.funding_scanner`, whose series the core puts on the board;
`watch`, which tells people of a review, by which risk remembers it (`books`).
"""

from __future__ import annotations

from decimal import Decimal
from typing import NamedTuple

from actors.board import Market, market_key
from actors.domain import BPS, HOUR_NS, NS_PER_S, Side
from actors.forecast import Series, forecast
from actors.pricing import basis, comparable
from actors.risk import measures
from actors.risk.measures import Case, Measured
from actors.risk.state import Held


class Stay(NamedTuple):
    """What staying for another horizon is expected to bring, bps of one leg's notional, and what is needed."""

    horizon_h: Decimal
    funding_bps: Decimal
    doubt_bps: Decimal
    basis_bps: Decimal
    needed_bps: Decimal

    @property
    def brings_bps(self) -> Decimal:
        """Less the doubt."""
        return self.funding_bps - self.doubt_bps + self.basis_bps

    @property
    def worth_it(self) -> bool:
        """Whether it is as much as an entry must bring."""
        return self.brings_bps >= self.needed_bps

    def words(self) -> str:
        """For people."""
        parts = f"funding {self.funding_bps:.2f}, doubt -{self.doubt_bps:.2f}, basis {self.basis_bps:.2f}"
        expected = f"expected to bring {self.brings_bps:.2f} bps ({parts})"
        return f"staying {self.horizon_h} h more is {expected}, needed {self.needed_bps}"


# --- the rows of `auto_close` --------------------------------------------------------------------------------


def hold_longest(case: Case) -> Measured | None:
    """Hours since the first fill."""
    hours = held_h(case)
    return None if hours is None else Measured(hours, lambda: f"held for {hours:.1f} h")


def hold_most(case: Case) -> Measured | None:
    """Hours since the first fill, or since the review that let the pair stay last."""
    hours = unreviewed_h(case)
    return None if hours is None else Measured(hours, lambda: _words(case))


def is_kept(case: Case) -> bool:
    """Whether a pair whose review is due stays: it is worth it, or nobody can say yet.

    What is not known for as long as a scan and a price may take is no reason to stay any more. A pair that was asked
    to leave, for whatever reason, is not asked back.
    """
    if _was_asked(case):
        return False
    found = stay(case)
    return _is_patient(case) if found is None else found.worth_it


def profit_target(case: Case) -> Measured | None:
    """What being flat now would bring (`measures.profit_target`), and what staying would."""
    found = measures.profit_target(case)
    return None if found is None else Measured(found.value, lambda: f"{found.words()}; {_stay_words(case)}")


def is_worth_more(case: Case) -> bool:
    """Whether a pair that has reached its target stays: what came is its own either way, and staying is worth it."""
    found = stay(case)
    return not _was_asked(case) and found is not None and found.worth_it


def renewal(case: Case) -> str:
    """What people are told of a review that lets the pair stay; nothing where none is due, or it does not."""
    limit, hours = case.policy.auto_close.hold_most_h, unreviewed_h(case)
    if not limit or hours is None or hours < limit or _was_asked(case):
        return ""
    found = stay(case)
    return f"{_words(case)}; looked at again after {limit} h" if found is not None and found.worth_it else ""


def held_h(case: Case) -> Decimal | None:
    """Hours since the first fill; None where nothing is held."""
    return Decimal(case.at_ns - _since_ns(case.legs)) / HOUR_NS if case.legs else None


def unreviewed_h(case: Case) -> Decimal | None:
    """Hours since the first fill, or the last review; None where nothing is held."""
    return Decimal(case.at_ns - _decided_ns(case.legs)) / HOUR_NS if case.legs else None


def _since_ns(legs: tuple[Held, ...]) -> int:
    return min(held.since_ns for held in legs)


def _decided_ns(legs: tuple[Held, ...]) -> int:
    return max(_since_ns(legs), *(held.reviewed_ns for held in legs))


def _was_asked(case: Case) -> bool:
    return case.legs[0].holder in case.state.asked


def _words(case: Case) -> str:
    return f"held for {held_h(case):.1f} h, not reviewed for {unreviewed_h(case):.1f} h: {_stay_words(case)}"


def _stay_words(case: Case) -> str:
    found = stay(case)
    return "what staying would bring is not known" if found is None else found.words()


# --- what staying brings -------------------------------------------------------------------------------------


def stay(case: Case) -> Stay | None:
    """What another horizon is expected to bring; None where a rate was not observed lately, the marks are not of one
    time, or the pair is not one short and one long leg."""
    sides = sorted(case.legs, key=lambda held: held.size)
    if len(sides) != 2 or not sides[0].size < 0 < sides[1].size:
        return None
    short, long = (_series(held, case) for held in sides)
    converging = _basis((case.market(sides[0]), case.market(sides[1])), case)
    if short is None or long is None or converging is None:
        return None
    scanner = case.policy.scanner
    outlook = forecast(short, long, scanner.horizon_h, case.policy.forecast)
    return Stay(
        horizon_h=scanner.horizon_h,
        funding_bps=outlook.mean_per_hour * scanner.horizon_h / BPS,
        doubt_bps=scanner.confidence * outlook.error_per_hour * scanner.horizon_h / BPS,
        basis_bps=converging / BPS,
        needed_bps=scanner.net_least_bps,
    )


def _basis(markets: tuple[Market, Market], case: Case) -> Decimal | None:
    """The short leg's market stands first."""
    if any(market.mark is None for market in markets) or not comparable(markets, case.at_ns, case.policy):
        return None
    return basis(markets, Side.SELL, case.policy)


def _series(held: Held, case: Case) -> Series | None:
    """The leg's market, if its rate was observed within the last scan and the age a price may have."""
    series = case.board.series.get(market_key(held.venue, held.asset))
    return None if series is None or case.at_ns - series.updated_ns > patience_ns(case) else series


def _is_patient(case: Case) -> bool:
    """A review may be overdue for so long, since both links were heard of last: between two venues' words it cannot be
    held, nor before the first scan of an engine that was away."""
    due_ns = _decided_ns(case.legs) + int(case.policy.auto_close.hold_most_h * HOUR_NS)
    linked_ns = [case.board.linked_ns.get(held.venue.value, 0) for held in case.legs]
    return case.at_ns - max(due_ns, *linked_ns) < patience_ns(case)


def patience_ns(case: Case) -> int:
    """A scan, and the age that a price may have."""
    scanner = case.policy.scanner
    return round((Decimal(str(scanner.scan_s)) + scanner.quote_age_most_s) * NS_PER_S)
