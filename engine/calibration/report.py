"""`perp2perp calibrate`: the findings as a page for auditors (`engine/venues/FUNDING.md`) or as data for programs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from engine.calibration.checks import Finding, findings
from engine.calibration.kinds import Check
from engine.calibration.recorded import Recordings
from engine.venues.rate_fields import FIELDS

HEAD = """# Funding: how each field is read, and what that rests on

Written by `perp2perp calibrate --data DIR --out engine/venues/FUNDING.md` from recorded market data; a test computes
it anew where the data is present. A field is *calibrated* when all its deciding checks pass; only such a field may be
ranked where `policy.scanner.calibrated_only` holds. Every rate becomes a signed fraction of notional per hour,
positive = longs pay (`engine/venues/funding.py`).

A pair is a live rate and a settled one; lag 1 h is the settlement at the end of the hour the live rate was seen in;
errors are bps of notional per hour; the ratio of medians (live over settled) is that of moved rates alone and shows a
wrong unit as 8 or 100. Checks marked `told` inform and do not decide. Recorders of Pacifica did not name the endpoint
they polled; that its `next_funding` foretells the coming settlement has not been verified by anybody.
"""


def calibrate(root: Path) -> tuple[Finding, ...]:
    """Every field's verdict from the recordings under `root`. Raises FileNotFoundError naming an absent file."""
    return findings(Recordings(root))


def markdown(found: tuple[Finding, ...]) -> str:
    """The page: the verdicts first, then every check."""
    return "\n".join((HEAD, *_verdicts(found), "", *_details(found))) + "\n"


def _verdicts(found: tuple[Finding, ...]) -> Iterator[str]:
    yield "| field | unit | meaning | price base | calibrated |"
    yield "|---|---|---|---|---|"
    for finding in found:
        field = FIELDS[finding.key]
        unit = f"{field.unit.value} / {field.interval_h} h{'' if field.signed else ', unsigned'}"
        verdict = "yes" if finding.calibrated else "no"
        yield f"| {finding.key} | {unit} | {field.meaning.value} | {field.price_base.value} | {verdict} |"


def _details(found: tuple[Finding, ...]) -> Iterator[str]:
    yield "| field | check | sample | period | measured | needed | passed |"
    yield "|---|---|---|---|---|---|---|"
    for finding in found:
        yield from (_row(check) for check in finding.checks)


def _row(check: Check) -> str:
    passed = ("yes" if check.passed else "no") if check.deciding or not check.passed else "told"
    return (
        f"| {check.key} | {check.name} | {check.sample} | {check.period} | {check.measured} "
        f"| {check.needed} | {passed} |"
    )
