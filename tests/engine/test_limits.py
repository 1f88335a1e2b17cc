from __future__ import annotations

import msgspec
import pytest

from engine.config import DEFAULT_CONFIG, load
from engine.limits import EngineLimits, Limits


def test_a_profile_bounds_the_batch_and_an_unknown_bound_is_refused() -> None:
    assert load(DEFAULT_CONFIG).sequencer == Limits(batch_most=256)
    with pytest.raises(msgspec.ValidationError, match="batch_least"):
        msgspec.convert({"batch_least": 1}, Limits)


def test_what_is_kept_for_people_and_adapters_stands_in_the_profile() -> None:
    assert load(DEFAULT_CONFIG).engine == EngineLimits(alarms_kept=200, recalled_most=2000)
