"""The ledger of whole runs: it adds up to the pairs' books and to the venues' accounts, whatever befalls them."""

from __future__ import annotations

from decimal import Decimal, localcontext
from pathlib import Path

import pytest
from msgspec.structs import replace

from actors.domain import ZERO, Venue
from actors.messages import EngineResumed, FundingPaid
from engine.exports.gathering import gather
from engine.fuzzing.faults import storm
from engine.fuzzing.lives import Cue, Death, Do, Lives
from engine.journal.record import JOURNAL_NAME
from engine.ledger.entry import WIDE, Kind
from engine.ledger.reading import Reading, explained, read_ledger
from engine.ledger.totals import CUTS, Totals
from tests.scenarios.harness import (
    ASSET,
    DRIFT,
    HYPERLIQUID,
    LIGHTER,
    PACIFICA,
    POLICY,
    Run,
    Scenario,
    account_of,
    perform,
    pull,
    staged,
)
from tests.scenarios.market import Scene
from tests.scenarios.test_entry import TRICKLE
from tests.scenarios.test_holding import ADL_REDUCES, FALL, SIZE, socialise

CENT = Decimal("0.01")
PART = Decimal("1.2")
HELD = replace(POLICY, lifecycle=replace(POLICY.lifecycle, duration_s=240.0))
STORMY = replace(
    HELD,
    entry=replace(POLICY.entry, backoff_s=20.0),
    auto_close=replace(POLICY.auto_close, hold_most_h=Decimal("0.007"), hold_longest_h=Decimal("0.007")),
)
ADL = Cue(at_s=40.3, do=pull(HYPERLIQUID, lambda x, at_ns: x.deleverage(at_ns, account_of(HYPERLIQUID), ASSET, PART)))
LIQUIDATION = Cue(at_s=40.3, do=pull(PACIFICA, lambda x, at_ns: x.liquidate(at_ns, account_of(PACIFICA), ASSET, PART)))


def stormed(seed: int, *venues: Venue) -> Scenario:
    """All faults at once, drawn from a seed."""
    faults = storm(0.1, 5.0, 150.0)
    scenes = (Scene(pacifica=TRICKLE),)
    return Scenario(seed=seed, venues=venues, scenes=scenes, faults=faults, policy=STORMY, calm_s=150.0, settled_s=90.0)


def held_instead(venue: Venue, share: str) -> Do:
    """The venue suddenly holds so much of what the leg was."""
    size = SIZE * Decimal(share) * (-1 if venue is HYPERLIQUID else 1)
    return pull(venue, lambda x, at_ns: x.set_position(at_ns, account_of(venue), ASSET, size))


SCENARIOS = {
    "seed_1": Scenario(seed=1),
    "seed_2_over_an_hour": Scenario(seed=2, before_hour_s=40),
    "price_falls_and_adl_reduces": Scenario(scenes=FALL, policy=ADL_REDUCES),
    "adl": Scenario(scenes=FALL, cues=(ADL,)),
    "liquidation": Scenario(scenes=FALL, cues=(LIQUIDATION,)),
    "socialised_loss": Scenario(venues=(HYPERLIQUID, DRIFT), cues=(Cue(at_s=50.0, do=socialise("5")),), calm_s=60.0),
    "swept": Scenario(scenes=(Scene(pacifica=TRICKLE), Scene(from_s=14.0, price=Decimal(3010)))),
    "storm": stormed(1, HYPERLIQUID, PACIFICA),
    "storm_without_pushes_from_lighter": stormed(4, HYPERLIQUID, LIGHTER),
}


BY_HAND = {
    f"position_of_{share}_at_{venue.value}": Scenario(
        scenes=FALL,
        cues=(Cue(at_s=40.3, do=held_instead(venue, share)),),
        calm_s=40.3,
        by_hand=True,
        policy=HELD,
    )
    for venue, share in ((HYPERLIQUID, "0.5"), (PACIFICA, "1.5"), (PACIFICA, "-0.3"))
}
"""Somebody trades on the account: what that cost nobody tells, and the books estimate it."""


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Run]:
    """Every scenario once: what the tests look at is read only."""
    return {
        name: perform(scenario, tmp_path_factory.mktemp(name) / "run")
        for name, scenario in (SCENARIOS | BY_HAND).items()
    }


@pytest.mark.parametrize("name", [*SCENARIOS, *BY_HAND])
def test_entries_add_up_to_the_pairs_own_books(name: str, runs: dict[str, Run]) -> None:
    run = runs[name]
    reading, totals = read_ledger(run.directory)
    traded = [pair for pair in run.pairs if any(leg.traded_usd for leg in pair.legs)]
    assert traded
    with localcontext(WIDE):
        for pair in traded:
            account = reading.ledger.accounts[pair.actor]
            assert account.net_usd - account.total(Kind.GAS) - account.open_cost_usd == pair.net_usd
            assert account.estimated_usd == pair.taker.estimated_usd + pair.maker.estimated_usd
        net = sum((reading.ledger.accounts[pair.actor].net_usd for pair in traded), ZERO)
        for by in CUTS:
            assert sum((cut.net_usd for cut in totals.cut(by)), ZERO) == net


@pytest.mark.parametrize("name", SCENARIOS)
def test_each_venue_s_cut_is_the_change_of_its_account_to_the_cent(name: str, runs: dict[str, Run]) -> None:
    run = runs[name]
    reading, totals = read_ledger(run.directory)
    assert all(pair.place == "CLOSED.flat" or not pair.entered_ns for pair in run.pairs)
    assert not any(account.estimated_usd for account in reading.ledger.accounts.values())
    cuts = {cut.name: cut.account_usd for cut in totals.cut("venue")}
    for venue in run.venues:
        view = run.exchange(venue).account_view(run.account(venue))
        assert view is not None
        gained = view.balance_usd - run.terms.deposits_usd[venue]
        assert abs(gained - cuts.get(venue.value, ZERO)) < CENT, venue


@pytest.mark.parametrize("name", SCENARIOS)
def test_the_live_ledger_is_the_one_the_journal_tells(name: str, runs: dict[str, Run]) -> None:
    run = runs[name]
    _, totals = read_ledger(run.directory)
    live = run.engine.tally
    assert live.ledger is not None
    assert live.totals.cut("pair") == totals.cut("pair")
    assert live.totals.whole() == totals.whole()


@pytest.mark.parametrize("name", SCENARIOS)
def test_what_differs_from_the_expectation_is_explained_to_the_last_digit(name: str, runs: dict[str, Run]) -> None:
    ledger = runs[name].engine.tally.ledger
    assert ledger is not None
    closed = explained(ledger)
    assert closed
    for each in closed:
        assert each.recorded
        assert 0 < each.held_h < 1, "of a run of minutes"
        assert each.rest_usd == 0
        with localcontext(WIDE):
            assert sum(each.parts.values()) == each.realised_usd
            assert sum((cause.usd for cause in each.causes), ZERO) == each.realised_usd - each.expected_usd


def test_funding_is_the_sum_of_the_venues_own_records(runs: dict[str, Run]) -> None:
    run = runs["seed_2_over_an_hour"]
    told = {
        record.message.payment_id: record.message.amount_usd
        for record in run.pair_records
        if isinstance(record.message, FundingPaid)
    }
    assert told
    _, totals = read_ledger(run.directory)
    assert totals.whole().sums[Kind.FUNDING] == sum(told.values())


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("adl", Kind.FORCED),
        ("liquidation", Kind.FORCED),
        ("socialised_loss", Kind.HAIRCUT),
        ("swept", Kind.NAKED),
        ("seed_1", Kind.SLIPPAGE),
    ],
)
def test_each_misfortune_stands_under_its_own_name(name: str, kind: Kind, runs: dict[str, Run]) -> None:
    _, totals = read_ledger(runs[name].directory)
    assert totals.whole().sums[kind] != 0
    _, plain = read_ledger(runs["seed_1"].directory)
    assert kind is Kind.SLIPPAGE or plain.whole().sums[kind] == 0


@pytest.mark.parametrize("name", [*SCENARIOS, *BY_HAND])
def test_fills_move_each_leg_to_where_it_ended_and_realise_what_the_prices_brought(
    name: str, runs: dict[str, Run]
) -> None:
    run = runs[name]
    found = gather(run.directory)
    priced = (Kind.PRICE, Kind.SLIPPAGE, Kind.FORCED, Kind.NAKED, Kind.ESTIMATED)
    with localcontext(WIDE):
        for pair in run.pairs:
            for leg in pair.legs:
                fills = [fill for fill in found.fills if (fill.pair, fill.venue) == (pair.actor, leg.venue)]
                assert sum((fill.moved for fill in fills), ZERO) == leg.position
                entries = [
                    entry.amount_usd
                    for entry in found.entries
                    if (entry.pair, entry.venue) == (pair.actor, leg.venue) and entry.kind in priced
                ]
                assert sum((fill.realised_usd for fill in fills), ZERO) == sum(entries, ZERO)


@pytest.mark.parametrize("name", BY_HAND)
def test_what_nobody_told_is_marked_as_an_estimate(name: str, runs: dict[str, Run]) -> None:
    found = gather(runs[name].directory)
    adopted = [fill for fill in found.fills if fill.kind == "adopted"]
    assert adopted
    assert all(fill.estimated and not fill.fill_id and not fill.fee_usd for fill in adopted)
    assert read_ledger(runs[name].directory)[1].whole().estimated_usd != 0


@pytest.mark.parametrize("commit", [20, 60])
def test_a_run_that_was_killed_and_gone_on_with_has_one_ledger(commit: int, tmp_path: Path) -> None:
    scenario = Scenario(scenes=FALL, policy=HELD)
    death = Death(commit=commit, how="between write and send")
    lived = Lives(staged(scenario, death), tmp_path / "run")
    run = Run(scenario, tmp_path / "run", lived.perform())
    assert any(isinstance(record.message, EngineResumed) for record in run.records)
    _, totals = read_ledger(run.directory)
    assert run.engine.tally.totals.whole() == totals.whole()
    with localcontext(WIDE):
        assert totals.whole().net_usd == sum((pair.net_usd for pair in run.pairs), ZERO)
    assert gather(run.directory).notes == ()


def test_a_journal_cut_off_anywhere_is_read_to_there_and_says_so(runs: dict[str, Run], tmp_path: Path) -> None:
    """Every twentieth line, and in the middle of it: what was read is what the whole journal says up to there."""
    lines = (runs["adl"].directory / JOURNAL_NAME).read_bytes().splitlines(keepends=True)
    bookings = [booking for _, booking in Reading(runs["adl"].directory)]
    path = tmp_path / JOURNAL_NAME
    for kept in range(2, len(lines) - 1, 20):
        path.write_bytes(b"".join(lines[:kept]) + lines[kept][: len(lines[kept]) // 2])
        found = gather(tmp_path)
        assert found.last_seq == kept - 1
        assert found.entries == tuple(entry for booking in bookings[: kept - 1] for entry in booking.entries)
        assert [note.split()[:4] for note in found.notes] == [
            ["the", "last", "line", "is"],
            ["the", "run", "has", "no"],
        ]


def test_totals_of_a_part_and_of_the_rest_are_those_of_the_whole(runs: dict[str, Run]) -> None:
    entries = gather(runs["storm"].directory).entries
    whole = Totals(entries).whole().net_usd
    for cut in range(0, len(entries), 7):
        with localcontext(WIDE):
            assert Totals(entries[:cut]).whole().net_usd + Totals(entries[cut:]).whole().net_usd == whole
