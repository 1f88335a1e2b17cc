"""What the kit does with verdicts: nothing is piled on top of what is left, and what cannot be run says why."""

from __future__ import annotations

from decimal import Decimal

import pytest

from actors.domain import Venue
from engine.conformance import Dialogue, Lever, Stand, StandTerms, conform
from engine.conformance.kit import not_to_run, table
from engine.conformance.meddler import Meddler
from engine.conformance.stand import Failed
from engine.conformance.venues import HAS_ADL, ORDER_MARKS
from engine.simulators.transport import SimulatedVenue
from tests.engine.venues.test_registry import ends


class _Stand(Stand):
    """A stand whose account can be cleaned a number of times."""

    def __init__(self, cleanings: int) -> None:
        wire = ends().transport
        assert isinstance(wire, SimulatedVenue)
        terms = StandTerms(venue=Venue.DRIFT, asset="BTC", size_cap_usd=Decimal(50), run="test", has_adl=False)
        super().__init__(terms, Meddler(wire, ORDER_MARKS[Venue.DRIFT]), lambda: 0)
        self.cleanings = cleanings

    async def clean(self) -> None:
        self.cleanings -= 1
        if self.cleanings < 0:
            raise Failed("the position could not be closed")


async def well(_: Stand) -> str:
    return "well"


async def badly(_: Stand) -> str:
    raise Failed("expected this, came that")


def dialogue(name: str, run=well, **changes) -> Dialogue:
    return Dialogue(name=name, rule="a rule", run=run, **changes)


async def test_a_failed_dialogue_says_why_and_the_next_is_run() -> None:
    verdicts = await conform(_Stand(9), [dialogue("first", badly), dialogue("second")])
    assert [(v.outcome, v.detail) for v in verdicts] == [("failed", "expected this, came that"), ("passed", "well")]


async def test_nothing_is_run_on_an_account_that_could_not_be_cleaned() -> None:
    verdicts = await conform(_Stand(0), [dialogue("first"), dialogue("second")])
    assert [v.outcome for v in verdicts] == ["failed", "not run"]
    assert "'first' the account could not be cleaned: the position could not be closed" in verdicts[1].detail


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"needs": Lever.EXCHANGE}, "needs a simulator's lever"),
        ({"needs": Lever.UNCAPPED}, "needs an order beyond any size cap"),
        ({"adl": True}, "the venue has no auto-deleveraging"),
        ({}, ""),
    ],
)
def test_what_a_test_network_cannot_be_asked_for_is_not_run_and_says_why(changes: dict, why: str) -> None:
    assert not_to_run(_Stand(1), dialogue("one", **changes)) == why


def test_every_venue_is_known_to_the_kit() -> None:
    assert list(ORDER_MARKS) == list(HAS_ADL) == [Venue.HYPERLIQUID, Venue.PACIFICA, Venue.LIGHTER, Venue.DRIFT]


async def test_the_table_names_every_dialogue_with_its_verdict() -> None:
    verdicts = await conform(_Stand(9), [dialogue("first", badly), dialogue("second")])
    drawn = table("plain", verdicts)
    assert drawn.row_count == 2
    names, _, outcomes, *_ = [list(column.cells) for column in drawn.columns]
    assert (names, outcomes) == (["first", "second"], ["failed", "passed"])
