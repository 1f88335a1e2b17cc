"""The list itself; that every venue passes it stands in test_memory and test_network."""

from __future__ import annotations

from decimal import Decimal

import msgspec
import pytest

from actors.domain import Venue
from actors.messages import InstrumentListed
from engine.conformance import DIALOGUES, Dialogue, Lever, Stand
from engine.conformance.dialogues import below_minimum
from tests.engine.conformance.trying import tried


def test_every_dialogue_has_a_name_and_a_rule_of_its_own() -> None:
    assert len(dict.fromkeys(dialogue.name for dialogue in DIALOGUES)) == len(DIALOGUES) == 14
    assert all(dialogue.rule for dialogue in DIALOGUES)


def test_the_one_order_beyond_the_cap_is_for_simulators_alone() -> None:
    assert [dialogue.name for dialogue in DIALOGUES if dialogue.needs is Lever.UNCAPPED] == ["margin refused"]


@pytest.mark.parametrize(
    "dialogue", [each for each in DIALOGUES if each.needs is Lever.NONE], ids=lambda each: each.name
)
def test_what_a_test_network_is_tried_with_needs_no_lever_and_keeps_to_the_cap(dialogue: Dialogue) -> None:
    async def without_levers(stand: Stand) -> str:
        levers, stand.levers = stand.levers, None
        try:
            return await dialogue.run(stand)
        finally:
            stand.levers = levers

    assert tried(without_levers).outcome == "passed"


def test_a_minimum_told_in_usd_of_a_moment_ago_is_not_taken_for_one_above_the_lot() -> None:
    async def run(stand: Stand) -> str:
        listed = msgspec.structs.replace(
            stand.instrument, min_notional_usd=stand.instrument.lot * stand.quote.mid * Decimal("1.05")
        )
        stand.report(InstrumentListed(instrument=listed))
        said = await below_minimum(stand)
        assert stand.wire.last_order is None
        return said

    verdict = tried(run, Venue.DRIFT)
    assert (verdict.outcome, verdict.detail[:13]) == ("passed", "not to be had")
