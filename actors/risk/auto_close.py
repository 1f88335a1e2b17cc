"""What closes or reduces a pair without anybody asking, and why: one table, the most urgent row first. Pure.

The first row that triggers for a pair speaks for it, and its reason is the one that is recorded. The most urgent pair
is asked first: by the row's place, then by how far its limit is passed. A limit of 0 switches a row off, but for
`market_closed_s`, which is a pause, and `hold_longest_h`, which is never off. Looked at as marks, fills and positions
come, and every `auto_close.watch_s`.
The run ends for a loss only when it is found a second time, after every account was told anew.

| rule | triggers | limit | asks | acts | why |
|---|---|---|---|---|---|
| time_to_liquidation | below | time_to_liquidation_least_s | emergency | risk | an orderly close may meet doubt |
| liquidation_distance | below | liquidation_distance_least_fraction | close | risk | it costs more than leaving |
| size_changed | event | verify.dust_usd | trim | pair_position H7 H10 H12 H13 H14 H17 | the other leg too, at once |
| adl_exit | above | adl.exit_level | close | pair_position H1 | leave before we are taken out |
| adl_reduce | above | adl.reduce_level | reduce | pair_position H2 | less to be taken |
| margin_short | event | - | reduce | funding_scanner watch_collateral | margin ends before more arrives |
| loss_socialised | event | - | close | pair_position L1 L3 L4 L5 | the next one would be ours too |
| venue_silent | above | venue_silent_s | close | risk | a leg that nobody hears of cannot be defended |
| market_closed | above | market_closed_s | close | risk | what may be delisted must not be held |
| divergence | above | divergence_most_bps | close | risk | the venues disagree: the hedge drains one margin |
| funding_inverted | above | scanner.inverted_h | close | funding_scanner close_tired_pairs | staying costs more |
| daily_loss | above | daily_loss_most_usd | drain | risk | something is wrong that no single pair shows |
| profit_target | above | profit_target_bps | close | risk | the funding of many hours is here already |
| hold_longest | above | hold_longest_h | close | risk | nothing is held for ever |
| hold_most | above | hold_most_h | close | risk | not worth it any more, or nobody can say |
| better_pair | above | costs.switching_factor | close | funding_scanner close_outdone_pair | another one is worth it |

What several rows want at once:
- A size that changed is answered by the pair on the event itself; a close asked while it trims ends the trim and closes
  both legs. It is never traded against.
- What stands before the ADL rows is asked before the level is told, what stands after them is asked after it. While a
  reduction for ADL 4 can still be made (each halves the pair, so they end), the rows after it wait.
- The scanner looks at its own times; between its rows and the others the first to ask is recorded.
- The longest hold is a review: past `hold_most_h` a pair stays for as long again when staying is worth it by the
  forecast that would open it (`longest_hold`), which is told as an alarm `hold_reviewed`; past `hold_longest_h` it is
  closed whatever it would bring.
- A pair that has reached its profit target stays while staying is worth it by the same forecast.
- A silent venue cannot be traded with, so nothing is sent: both legs are kept, the pair is asked to leave at its
  deadline, and leaves in order as soon as both venues can trade again, after its positions were verified. To close the
  living leg alone would make a naked leg of a hedged pair; only its own nearness to liquidation does that.

Counterparts: `measures` and `longest_hold`, which measure; `watch`, which asks; `statecharts.risk`, whose rows say
when; `statecharts.pair_position`, whose rows answer.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Literal, NamedTuple

from actors.domain import NS_PER_S
from actors.policy import Policy
from actors.risk import longest_hold, measures
from actors.risk.books import account_age_most_ns
from actors.risk.measures import Case, Measured
from actors.risk.state import Asked

__all__ = ["RULES", "TABLE", "Case", "Finding", "Measured", "Rule"]

HERE = "risk"


class Rule(NamedTuple):
    """One row. `limit` is a field of the policy, of `auto_close` where it names no other part.

    `acts` is who acts: risk, or a role and the chart's rows that do; those rows have no `measure` here. `stays`: a pair
    that could not close when asked is asked again even when the row no longer triggers. `kept` is asked where the limit
    is passed: a pair that it keeps is not closed by the row.
    """

    name: str
    triggers: Literal["below", "above", "event"]
    limit: str
    asks: Literal["emergency", "close", "trim", "reduce", "drain"]
    why: str
    measure: Callable[[Case], Measured | None] | None = None
    acts: str = HERE
    stays: bool = False
    zero_is_off: bool = True
    kept: Callable[[Case], bool] | None = None


class Finding(NamedTuple):
    """A row that triggers for a pair. `urgent`: at once, both legs; else in order."""

    pair: str
    rule: Rule
    measured: Measured
    limit: Decimal
    urgent: bool

    @property
    def rank(self) -> int:
        """The row's place in the table."""
        return RANKS[self.rule.name]

    @property
    def excess(self) -> Decimal:
        """How far the limit is passed, as a share of it; what cannot be compared counts as just passed."""
        least, most = sorted((self.measured.value, self.limit))
        return most / least if least > 0 else Decimal("Infinity")

    @property
    def reason(self) -> str:
        """The rule's name first: what was asked is remembered by it."""
        return f"{self.rule.name}: {self.measured.words()} (limit {self.limit})"


TABLE: tuple[Rule, ...] = (
    Rule(
        "time_to_liquidation",
        "below",
        "time_to_liquidation_least_s",
        "emergency",
        "an orderly close may meet doubt",
        measures.time_to_liquidation,
    ),
    Rule(
        "liquidation_distance",
        "below",
        "liquidation_distance_least_fraction",
        "close",
        "it costs more than leaving",
        measures.liquidation_distance,
    ),
    Rule(
        "size_changed",
        "event",
        "verify.dust_usd",
        "trim",
        "the other leg too, at once",
        acts="pair_position H7 H10 H12 H13 H14 H17",
    ),
    Rule("adl_exit", "above", "adl.exit_level", "close", "leave before we are taken out", acts="pair_position H1"),
    Rule("adl_reduce", "above", "adl.reduce_level", "reduce", "less to be taken", acts="pair_position H2"),
    Rule(
        "margin_short",
        "event",
        "-",
        "reduce",
        "margin ends before more arrives",
        acts="funding_scanner watch_collateral",
    ),
    Rule(
        "loss_socialised",
        "event",
        "-",
        "close",
        "the next one would be ours too",
        acts="pair_position L1 L3 L4 L5",
    ),
    Rule(
        "venue_silent",
        "above",
        "venue_silent_s",
        "close",
        "a leg that nobody hears of cannot be defended",
        measures.venue_silent,
        stays=True,
    ),
    Rule(
        "market_closed",
        "above",
        "market_closed_s",
        "close",
        "what may be delisted must not be held",
        measures.market_closed,
        stays=True,
        zero_is_off=False,
    ),
    Rule(
        "divergence",
        "above",
        "divergence_most_bps",
        "close",
        "the venues disagree: the hedge drains one margin",
        measures.divergence,
    ),
    Rule(
        "funding_inverted",
        "above",
        "scanner.inverted_h",
        "close",
        "staying costs more",
        acts="funding_scanner close_tired_pairs",
    ),
    Rule(
        "daily_loss",
        "above",
        "daily_loss_most_usd",
        "drain",
        "something is wrong that no single pair shows",
        measures.daily_loss,
    ),
    Rule(
        "profit_target",
        "above",
        "profit_target_bps",
        "close",
        "the funding of many hours is here already",
        longest_hold.profit_target,
        kept=longest_hold.is_worth_more,
    ),
    Rule(
        "hold_longest",
        "above",
        "hold_longest_h",
        "close",
        "nothing is held for ever",
        longest_hold.hold_longest,
        zero_is_off=False,
    ),
    Rule(
        "hold_most",
        "above",
        "hold_most_h",
        "close",
        "not worth it any more, or nobody can say",
        longest_hold.hold_most,
        kept=longest_hold.is_kept,
    ),
    Rule(
        "better_pair",
        "above",
        "costs.switching_factor",
        "close",
        "another one is worth it",
        acts="funding_scanner close_outdone_pair",
    ),
)
RANKS = {rule.name: rank for rank, rule in enumerate(TABLE)}
RULES = tuple(rule for rule in TABLE if rule.acts == HERE)
"""Those that this role asks for."""
CLOSERS = tuple(rule for rule in RULES if rule.asks != "drain")
STAYING = tuple(rule.name for rule in RULES if rule.stays)


# --- judging -----------------------------------------------------------------------------------------------


def findings(cases: dict[str, Case]) -> tuple[Finding, ...]:
    """The first row that triggers for each pair, the most urgent pair first."""
    found = [finding for pair, case in cases.items() if (finding := first_of(pair, case)) is not None]
    return tuple(sorted(found, key=lambda each: (each.rank, -each.excess, each.pair)))


def first_of(pair: str, case: Case) -> Finding | None:
    """The first row for pairs that triggers."""
    return next((found for rule in CLOSERS if (found := triggered(pair, rule, case))), None)


def triggered(pair: str, rule: Rule, case: Case) -> Finding | None:
    """What the row has found, when its limit is passed.

    Seconds count only where the endangered leg can be reached: while its venue is down an emergency would close the
    other leg alone, the one that gains, so the pair is asked to close in order, which waits for both venues.
    """
    assert rule.measure is not None, f"{rule.acts} acts on {rule.name}, not risk"
    limit = Decimal(getattr(case.policy.auto_close, rule.limit))
    if rule.zero_is_off and not limit:
        return None
    measured = rule.measure(case)
    if measured is None or not (measured.value < limit if rule.triggers == "below" else measured.value >= limit):
        return None
    if rule.kept is not None and rule.kept(case):
        return None
    reachable = measured.venue is None or case.board.link_up(measured.venue)
    return Finding(pair, rule, measured, limit, urgent=rule.asks == "emergency" and reachable)


def engine_loss(case: Case) -> Finding | None:
    """What the engine has lost today, when that is too much."""
    return next((found for rule in RULES if rule.asks == "drain" and (found := triggered("", rule, case))), None)


def loss_seen_since(case: Case) -> int:
    """Since when every look has found the day's loss too large, this one too; 0 where it does not, or nothing is held.

    A look long ago is no evidence any more: the accounts may have been told one by one since.
    """
    flat = not case.state.in_flight and not any(held.size for held in case.state.positions.values())
    if flat or engine_loss(case) is None:
        return 0
    seen_ns = case.state.loss_seen_ns
    return seen_ns if 0 < case.at_ns - seen_ns <= account_age_most_ns(case.policy) else case.at_ns


def is_loss_sure(case: Case) -> bool:
    """The loss is there, and was at an earlier look, after which every account was told anew."""
    seen_ns = case.state.loss_seen_ns
    told_anew = all(account.told_ns > seen_ns for account in case.board.accounts.values())
    return bool(seen_ns) and told_anew and engine_loss(case) is not None


def is_news(finding: Finding, asked: Asked | None) -> bool:
    """Not what the pair was asked for last: another rule that is more urgent, or now at once."""
    if asked is None or (finding.urgent and not asked.urgent):
        return True
    return not asked.urgent and finding.rank < RANKS.get(asked.rule, len(TABLE))


def is_due_again(asked: Asked | None, policy: Policy, at_ns: int) -> bool:
    """Asked in order, and long enough ago. An emergency repeats its attempts itself: it is asked for once."""
    again_ns = round(policy.auto_close.ask_again_s * NS_PER_S)
    return asked is not None and not asked.urgent and at_ns - asked.at_ns >= again_ns
