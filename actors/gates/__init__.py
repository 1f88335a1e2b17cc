"""Pre-entry gates: pure checks that each say what they measured and what they needed. All must pass.

Counterparts: `actors.funding_scanner`, which opens the candidates that pass, and `perp2perp scan`, which prints them.
`GATES.md` beside this lists every gate with formula, limit and reason; it is written from `table`, and a test holds it.
"""

from __future__ import annotations

from actors.gates.case import Candidate, Case, Gate, Known, funding_of, skew_s
from actors.gates.judging import error_of, fees_of, judge, judge_for_entry, mean_of, more_liquid

__all__ = [
    "Candidate",
    "Case",
    "Gate",
    "Known",
    "error_of",
    "fees_of",
    "funding_of",
    "judge",
    "judge_for_entry",
    "mean_of",
    "more_liquid",
    "skew_s",
]
