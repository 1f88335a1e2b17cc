from __future__ import annotations

from decimal import Decimal

import trio
from rich.console import Console

from engine.flatten.positions import Seen, seen, tables
from engine.flatten.settings import FlattenSettings
from engine.simulators.faults import DropRequest, FaultRule, Traffic
from tests.engine.flatten.theatre import ALL, ASSET, HYPERLIQUID, LIGHTER, PACIFICA, Theatre, play


def shown(found: Seen) -> str:
    console = Console(width=200)
    with console.capture() as caught:
        console.print(tables(found))
    return caught.get()


def test_every_venue_s_positions_and_equity_are_told_as_it_tells_them() -> None:
    async def main() -> None:
        theatre = Theatre()
        theatre.hold({(HYPERLIQUID, ASSET): "-1.5", (LIGHTER, ASSET): "0.7"})
        await trio.sleep(5)
        _, works = await theatre.flatten(looks=True)
        found = seen(works)
        assert found.whole
        assert [(each.venue, each.asset, each.size) for each in found.positions] == [
            (HYPERLIQUID, ASSET, Decimal("-1.5")),
            (LIGHTER, ASSET, Decimal("0.7")),
        ]
        assert [account.venue for account in found.accounts] == list(ALL)
        assert all(49_900 < (account.equity_usd or 0) < 50_100 for account in found.accounts)
        text = shown(found)
        assert "short 1.5" in text
        assert "50000" in text

    play(main)


def test_a_venue_that_cannot_be_read_is_named_and_the_others_are_told() -> None:
    async def main() -> None:
        deaf = FaultRule(name="deaf", venue="pacifica", traffic=Traffic.HTTP, fault=DropRequest())
        theatre = Theatre(faults=(deaf,), settings=FlattenSettings(look_s=20.0))
        _, works = await theatre.flatten(looks=True)
        assert trio.current_time() == 20
        found = seen(works)
        assert not found.whole
        assert [account.venue for account in found.accounts if account.trouble] == [PACIFICA]
        text = shown(found)
        assert "no positions at the venues that could be read" in text
        assert "not done within 20 s; it cannot be reached" in text

    play(main)
