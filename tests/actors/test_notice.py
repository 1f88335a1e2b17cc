from __future__ import annotations

from actors.commands import Tell
from actors.notice import begun, changed
from tests.factories import closed, reopened, spawned

WATCHERS = ["reconciler/hyperliquid:BTC", "reconciler/pacifica:BTC"]


def test_the_board_hears_of_a_pair_first_and_the_reconcilers_of_both_its_markets_last() -> None:
    told = begun(spawned())
    assert [tell.to for tell in told] == ["board", "engine_lifecycle", *WATCHERS]
    assert told[0] == Tell(to="board", message=spawned())


def test_the_scanner_hears_what_it_did_not_do_itself() -> None:
    for news in (closed(), reopened()):
        told = changed(news)
        assert [tell.to for tell in told] == ["board", "funding_scanner", "engine_lifecycle", *WATCHERS]
        assert all(tell.message == news for tell in told)
