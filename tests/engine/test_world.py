from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import msgspec
import pytest

from actors.domain import Venue
from engine import config as configuration
from engine.config import Config
from engine.errors import UserError
from engine.simulators.faults import DropFrame
from engine.simulators.levers import instrument_of
from engine.venues.registry import make_signer
from engine.world import (
    FACES,
    build_faults,
    build_market,
    build_venue,
    narrowed_to_recording,
    secret_for,
)
from tests.shared import data_root

PAPER = configuration.load(configuration.DEFAULT_CONFIG)


def test_keys_come_from_the_seed_and_no_two_venues_share_one() -> None:
    made = {secret_for(venue, seed) for venue in Venue for seed in range(5)}
    assert len(made) == 5 * len(Venue)
    assert all(len(secret) == 32 for secret in made)
    assert secret_for(Venue.DRIFT, 1) == secret_for(Venue.DRIFT, 1)


def test_a_fault_plan_is_read_as_it_is_written(tmp_path: Path) -> None:
    plan = tmp_path / "faults.toml"
    plan.write_text('[[rules]]\nname = "deaf"\ntraffic = "frame"\nfault = { do = "drop_frame" }\n')
    (rule,) = build_faults(msgspec.structs.replace(PAPER, faults=str(plan))).rules
    assert (rule.name, rule.fault) == ("deaf", DropFrame())
    assert build_faults(PAPER).rules == ()


@pytest.mark.parametrize("content", [b"[[rules]]\nname = 1\n", b"rules = [", b"\xff\xfe", b"teapot = 1\n"])
def test_a_fault_plan_that_cannot_be_used_is_an_error_for_people(content: bytes, tmp_path: Path) -> None:
    plan = tmp_path / "faults.toml"
    plan.write_bytes(content)
    with pytest.raises(UserError, match=r"faults\.toml: is not a fault plan"):
        build_faults(msgspec.structs.replace(PAPER, faults=str(plan)))


def test_a_rule_may_name_any_simulated_venue_and_no_other(tmp_path: Path) -> None:
    plan = tmp_path / "faults.toml"
    rule = '[[rules]]\nname = "{0}"\ntraffic = "frame"\nvenue = "{0}"\nfault = {{ do = "drop_frame" }}\n'
    plan.write_text("".join(rule.format(venue) for venue in FACES))
    faulty = msgspec.structs.replace(PAPER, faults=str(plan))
    assert [rule.venue for rule in build_faults(faulty).rules] == list(FACES)
    plan.write_text(rule.format("hyperlquid"))
    with pytest.raises(UserError, match=r"'hyperlquid'.*hyperliquid, pacifica, lighter, drift"):
        build_faults(faulty)


def test_every_venue_is_simulated() -> None:
    assert list(FACES) == list(Venue)


def test_only_the_venues_a_recording_has_are_traded_and_the_others_are_named() -> None:
    (recording,) = data_root().glob("multi_venue/seven_venues_*.csv.gz")
    narrowed, notes = narrowed_to_recording(configuration.with_options(PAPER, market=recording))
    assert narrowed.policy.scanner.venues == (Venue.HYPERLIQUID, Venue.PACIFICA, Venue.LIGHTER)
    assert notes == ["the recording has no drift: left out"]
    assert narrowed_to_recording(PAPER) == (PAPER, [])


@pytest.mark.parametrize("venue", list(FACES))
def test_the_account_stands_at_the_venue_with_its_deposit(venue: Venue) -> None:
    _, account = make_signer(venue, secret_for(venue, 7))
    market = build_market(PAPER)
    exchange = build_venue(venue, account, PAPER, market, build_faults(PAPER), lambda: market.start_ns).face.exchange
    seen = exchange.account_view(account) or exchange.account_view(account.lower())
    assert seen is not None
    assert seen.equity_usd == Decimal(50_000)
    names = [instrument_of(exchange, asset) for asset in PAPER.venues[venue].instruments]
    assert [spec.asset for spec in exchange.instruments] == names


def test_the_market_is_made_from_the_runs_seed() -> None:
    def mids(config: Config) -> list[Decimal]:
        market = build_market(config)
        points = [market.sample("pacifica", asset, market.start_ns + 3_600_000_000_000) for asset in market.assets[:3]]
        return [point.mid for point in points if point is not None]

    assert mids(PAPER) == mids(PAPER)
    assert mids(PAPER) != mids(configuration.with_options(PAPER, seed=8))
