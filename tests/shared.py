"""Where the recorded payloads and market data are: beside the project, read in place, absent in some checkouts."""

from __future__ import annotations

from pathlib import Path

import pytest

SHARED = Path(__file__).resolve().parent.parent.parent / "shared"


def fixtures_root() -> Path:
    """The folder of recorded venue payloads (`../shared/fixtures`); skips the test where it is absent."""
    return _present(SHARED / "fixtures")


def data_root() -> Path:
    """The folder of recorded market data (`../shared/data`); skips the test where it is absent."""
    return _present(SHARED / "data")


def _present(folder: Path) -> Path:
    if not folder.is_dir():
        pytest.skip(f"recorded material is not here: {folder}")
    return folder
