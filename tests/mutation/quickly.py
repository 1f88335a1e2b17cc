"""A pytest plugin for runs that only want to know whether a test fails: property tests neither shrink nor remember.

Counterparts: `code`, which has mutmut load it, and `trial`.
"""

from __future__ import annotations

import pytest
from hypothesis import Phase, settings


@pytest.hookimpl(tryfirst=True)
def pytest_collection() -> None:
    """After the tests' own profile is loaded (see `tests/conftest.py`), before a test module reads it."""
    settings.register_profile(
        "quickly",
        settings(),
        phases=(Phase.explicit, Phase.generate),
        database=None,
        deadline=None,
        report_multiple_bugs=False,
    )
    settings.load_profile("quickly")
