"""Engines that die where they are told to, and venues that live on."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from actors.domain import Venue
from engine.fuzzing.acts import Mode
from engine.fuzzing.lives import HOWS, Death, Lives, Mortal, Overrun
from engine.fuzzing.oracle import check_run
from engine.fuzzing.world import REBORN_S, SETTLED_S, play_of, terms_of
from engine.journal.reader import read
from engine.simulators.exchange import MarketMode
from tests.engine.fuzzing.worlds import played, world

HYPERLIQUID, LIGHTER, PACIFICA = Venue.HYPERLIQUID, Venue.LIGHTER, Venue.PACIFICA


@pytest.mark.parametrize("how", HOWS)
def test_an_engine_dies_at_the_commit_that_holds_a_text_and_the_run_goes_on(how: str, tmp_path: Path) -> None:
    death = Death(commit=2, how=how, from_s=5.0, holds="SubmitOrder")  # type: ignore[arg-type]
    run, lives = played(tmp_path / "run", deaths=(death,), duration_s=100.0)
    assert lives.deaths == 1
    assert lives.reborn_s > 5.0 + death.down_s
    check_run(run)


def test_a_death_that_never_comes_kills_nobody(tmp_path: Path) -> None:
    _, lives = played(tmp_path / "run", deaths=(Death(commit=1, how="in the write", holds="no such text"),))
    assert (lives.deaths, lives.reborn_s) == (0, 0.0)


def test_only_commits_from_its_time_on_count(tmp_path: Path) -> None:
    now_s = 1.0
    mortal = Mortal(Death(commit=1, how="before the write", from_s=2.0), lambda: now_s)
    with (tmp_path / "log").open("wb") as file:
        assert mortal.disk().write(file.fileno(), b"ab") == 2
        mortal.spare()
        now_s = 3.0
        assert mortal.disk().write(file.fileno(), b"cd") == 2
    assert mortal.commits == 2


def test_what_befalls_a_venue_does_so_while_no_engine_lives(tmp_path: Path) -> None:
    """Halted and open again within the time the engine is away: it never knows."""
    mode = Mode(at_s=20.0, venue=Venue.PACIFICA, asset="ETH", mode="halt", for_s=5.0)
    death = Death(commit=1, how="in the write", from_s=15.0, down_s=30.0)
    run, lives = played(tmp_path / "run", acts=(mode,), deaths=(death,), duration_s=120.0)
    assert lives.deaths == 1
    market = run.exchange(Venue.PACIFICA).market("ETH")
    assert market is not None
    assert market.mode is MarketMode.OPEN
    check_run(run)


def test_a_play_that_does_not_end_is_given_up(tmp_path: Path) -> None:
    from msgspec.structs import replace

    with pytest.raises(Overrun, match="has not stopped 10 s after"):
        Lives(replace(play_of(world()), end_s=10.0), tmp_path / "run").perform()


def test_the_same_play_writes_the_same_bytes(tmp_path: Path) -> None:
    digests = []
    for name in ("one", "two"):
        run, _ = played(tmp_path / name, wobble_bps=3.0, deposit_usd=Decimal(9000))
        reader = read(run.directory)
        reader.exhaust()
        digests.append(reader.hash)
    assert digests[0] == digests[1]


@pytest.mark.parametrize(("venues", "longer"), [((PACIFICA, HYPERLIQUID), 2 * REBORN_S), ((LIGHTER, HYPERLIQUID), 0.0)])
def test_only_deaths_that_came_give_time_and_only_where_pacifica_counts_questions(
    venues: tuple[Venue, ...], longer: float
) -> None:
    drawn = world(venues=venues, deaths=(Death(commit=1, how="in the write"),) * 3)
    assert terms_of(drawn, reborn_s=0.0).settled_s == SETTLED_S
    assert terms_of(drawn, reborn_s=50.0, deaths=2).settled_s == SETTLED_S + longer
