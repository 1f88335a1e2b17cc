from __future__ import annotations

import re
from pathlib import Path

import pytest

from engine.journal import errors
from engine.journal.errors import JournalError, RecordAltered
from engine.journal.revision import ROOT

KINDS = [
    kind
    for kind in vars(errors).values()
    if isinstance(kind, type) and kind.__module__ == errors.__name__ and kind is not JournalError
]
RAISING = [path for path in sorted((ROOT / "engine" / "journal").glob("*.py")) if path != Path(errors.__file__)]


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_is_a_journal_error_that_says_what_it_means_and_is_raised(kind: type[Exception]) -> None:
    assert issubclass(kind, JournalError)
    assert kind.__doc__
    assert any(re.search(rf"\b{kind.__name__}\(", path.read_text()) for path in RAISING)


def test_an_altered_record_carries_its_place() -> None:
    error = RecordAltered("altered", line=4, seq=3)
    assert (str(error), error.line, error.seq) == ("altered", 4, 3)
