"""A venue that says flat and is not: where its own sums contradict its list, nobody believes that a leg is gone."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from actors.domain import NS_PER_S, Venue
from actors.messages import QueryFailed
from engine.simulators.faults import FaultRule, Garble, Traffic
from tests.scenarios.faulty import HL_POSITIONS, PAC_POSITIONS, rule
from tests.scenarios.harness import HYPERLIQUID, LIGHTER, PACIFICA, POLICY, Scenario, play

FROM_S, TO_S = 30.0, 70.0
"""It lies while the pair is held and verified again, for longer than all questions of one verification last."""
OFTEN = replace(POLICY, verify=replace(POLICY.verify, reverify_s=15.0))
WHEN: dict[str, Any] = {"from_s": FROM_S, "to_s": TO_S}


def lies() -> dict[Venue, tuple[FaultRule, ...]]:
    """Answers and frames whose list of positions is empty; what sums them up is left as it is."""
    hyperliquid = Garble(find='"assetPositions":[{', put='"assetPositions":[],"was":[{')
    frames = {"traffic": Traffic.FRAME, "venue": "hyperliquid", "match": "clearinghouseState"}
    lighter = Garble(find='"positions":[{', put='"positions":[],"was":[{')
    account = {"traffic": Traffic.HTTP, "venue": "lighter", "match": "*/account"}
    return {
        HYPERLIQUID: (rule(hyperliquid, HL_POSITIONS, **WHEN), rule(hyperliquid, frames, **WHEN)),
        PACIFICA: (rule(Garble(find='"data":[{', put='"data":[],"was":[{'), PAC_POSITIONS, **WHEN),),
        LIGHTER: (rule(lighter, account, **WHEN),),
    }


@pytest.mark.parametrize("liar", [HYPERLIQUID, PACIFICA, LIGHTER], ids=lambda venue: venue.value)
def test_h4_a_list_that_is_falsely_empty_beside_sums_that_say_otherwise_closes_nothing(
    liar: Venue, tmp_path: Path
) -> None:
    venues = (HYPERLIQUID, PACIFICA if liar is HYPERLIQUID else liar)
    run = play(Scenario(venues=venues, policy=OFTEN, faults=lies()[liar]), tmp_path)
    from_ns, to_ns = (run.terms.start_ns + round(at_s * NS_PER_S) for at_s in (FROM_S, TO_S))
    lied = [record for record in run.pair_records if from_ns <= record.at_ns < to_ns]
    assert [r for r in run.records if isinstance(r.message, QueryFailed) and r.message.venue is liar]
    assert [order for record in lied for order in run.orders_of(record)] == []
    assert all(record.place.startswith("HEDGED") for record in lied)
    assert run.pair.place == "CLOSED.flat"
    assert (run.position(HYPERLIQUID), run.position(run.venues[1])) == (Decimal(0), Decimal(0))
