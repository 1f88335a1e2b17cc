from __future__ import annotations

import re

from actors.domain import Venue
from engine.venues import rate_fields
from engine.venues.rate_fields import FIELDS, Meaning, Unit

DATED = re.compile(r"20\d\d")


def test_every_venue_has_its_fields_under_its_own_name() -> None:
    assert sorted(dict.fromkeys(key.split("/", 1)[0] for key in FIELDS)) == sorted(Venue)
    assert all(re.fullmatch(r"[a-z]+/\S+", key) for key in FIELDS)


def test_evidence_names_dates_and_every_row_names_its_source() -> None:
    for key, field in FIELDS.items():
        assert field.source, key
        assert not field.evidence or DATED.search(field.evidence), key


def test_what_is_quote_per_base_has_a_scale_and_what_has_no_sign_is_a_last_payment() -> None:
    for key, field in FIELDS.items():
        if field.unit is Unit.QUOTE_PER_BASE:
            assert field.scale != 1, key
        if not field.signed:
            assert field.meaning is Meaning.LAST_PAID, key
        assert field.interval_h in (1, 8), key


def test_the_source_of_each_row_stands_beside_it() -> None:
    assert rate_fields.__doc__ is not None
    assert all(len(field.source) > 20 for field in FIELDS.values())
