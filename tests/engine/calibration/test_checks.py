from __future__ import annotations

import msgspec

from engine.calibration.checks import findings, verdict
from engine.calibration.kinds import Check
from engine.calibration.recorded import Recordings
from engine.venues.rate_fields import FIELDS
from tests.shared import data_root

KEY = "hyperliquid/ctx.funding"


def test_a_field_is_calibrated_when_it_has_deciding_checks_and_all_pass() -> None:
    good = Check(key=KEY, name="", sample=1, period="", measured="", needed="", passed=True)
    told = msgspec.structs.replace(good, deciding=False)
    bad = msgspec.structs.replace(good, passed=False)
    verdicts = [(), (told,), (good, told), (good, bad), (good, msgspec.structs.replace(bad, deciding=False))]
    assert [verdict(KEY, found).calibrated for found in verdicts] == [False, False, True, False, True]


def test_every_field_gets_a_verdict_and_every_check_belongs_to_its_field() -> None:
    found = findings(Recordings(data_root()))
    assert [finding.key for finding in found] == list(FIELDS)
    assert all(check.key == finding.key for finding in found for check in finding.checks)
    assert all(finding.checks for finding in found if finding.calibrated)
