from __future__ import annotations

import subprocess
import sys

from engine.journal.record import encode
from engine.journal.revision import ROOT, chart_digests, code_revision, digest_of
from statecharts.catalog import CATALOG
from tests.engine.recorded import header

SAY = (
    "from engine.journal.record import encode; from engine.journal.revision import digest_of;"
    "from tests.engine.recorded import header; print(digest_of(encode(header())))"
)


def test_the_header_is_the_same_in_two_processes() -> None:
    said = [
        subprocess.run(
            [sys.executable, "-c", SAY],
            cwd=ROOT,
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            check=True,
        ).stdout.strip()
        for seed in ("1", "2")
    ]
    assert said == [digest_of(encode(header()))] * 2


def test_every_chart_has_its_own_digest() -> None:
    assert sorted(chart_digests()) == sorted(CATALOG)
    assert len(set(chart_digests().values())) == len(CATALOG)


def test_the_revision_names_the_version_first() -> None:
    version, _, digest = code_revision().partition("+")
    assert version.count(".") == 2
    assert len(digest) == 32
