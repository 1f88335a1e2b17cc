"""Property tests draw the same examples each time, so that a run that failed fails again; `make test
ARGS=--hypothesis-seed=random` explores others."""

from __future__ import annotations

from hypothesis import settings

settings.register_profile("repeatable", derandomize=True)
settings.load_profile("repeatable")
