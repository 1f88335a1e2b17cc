"""The marks by which the meddler knows an order: each venue's real order fits its own, and its questions do not."""

from __future__ import annotations

import pytest

from actors.commands import QueryOrder, QueryPosition
from actors.domain import Side, Venue
from engine.conformance import Stand
from engine.conformance.venues import HAS_ADL, ORDER_MARKS
from engine.venues.transport import HttpRequest
from tests.engine.conformance.trying import tried


@pytest.mark.parametrize("venue", list(Venue))
def test_an_order_is_known_by_its_mark_and_a_question_is_none(venue: Venue) -> None:
    async def run(stand: Stand) -> str:
        asked = stand.terms.asset
        await stand.perform(QueryPosition(venue=venue, asset=asked))
        await stand.perform(QueryOrder(venue=venue, asset=asked, order_id=stand.next_id()))
        assert stand.wire.last_order is None
        await stand.trade(stand.order(Side.BUY, stand.unit()))
        order: HttpRequest | None = vars(stand.wire)["last_order"]
        assert order is not None
        assert ORDER_MARKS[venue].fits(order)
        assert [other.value for other in Venue if ORDER_MARKS[other].fits(order)] == [venue.value]
        return "known"

    assert tried(run, venue).outcome == "passed"


def test_adl_is_known_of_every_venue() -> None:
    assert [venue.value for venue in Venue if not HAS_ADL[venue]] == ["drift"]
