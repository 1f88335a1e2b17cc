"""What differs from the configuration a run was begun with, by name and with both values."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

from msgspec.structs import replace

from actors.domain import Venue
from engine import config as configuration
from engine.config import Config, digest
from engine.config.kept import CONFIG_NAME, differences, keep, kept
from engine.journal.record import Header
from engine.journal.revision import new_header

SANDBOX = configuration.load(configuration.ROOT / "config" / "sandbox.toml")


def header(config: Config = SANDBOX) -> Header:
    return new_header(config.policy, (), seed=config.run.seed, mode="sandbox", config_digest=digest(config))


def test_what_was_kept_comes_back_as_it_was(tmp_path: Path) -> None:
    keep(tmp_path, SANDBOX)
    assert kept(tmp_path, digest(SANDBOX)) == SANDBOX


def test_what_is_missing_or_broken_or_of_another_run_is_as_good_as_none(tmp_path: Path) -> None:
    assert kept(tmp_path, digest(SANDBOX)) is None
    keep(tmp_path, SANDBOX)
    assert kept(tmp_path, "another digest") is None
    (tmp_path / CONFIG_NAME).write_text("{")
    assert kept(tmp_path, digest(SANDBOX)) is None


def test_no_field_of_the_same_configuration_differs(tmp_path: Path) -> None:
    keep(tmp_path, SANDBOX)
    assert differences(tmp_path, header(), SANDBOX) == ()


def test_every_field_that_differs_is_named_with_both_values(tmp_path: Path) -> None:
    keep(tmp_path, SANDBOX)
    section = replace(SANDBOX.venues[Venue.LIGHTER], deposit_usd=Decimal(7))
    lifecycle = replace(SANDBOX.policy.lifecycle, duration_s=600.0)
    other = replace(
        SANDBOX,
        venues={**SANDBOX.venues, Venue.LIGHTER: section},
        policy=replace(SANDBOX.policy, lifecycle=lifecycle),
    )
    then = SANDBOX.policy.lifecycle.duration_s
    deposit = SANDBOX.venues[Venue.LIGHTER].deposit_usd
    assert sorted(differences(tmp_path, header(), other)) == [
        f"policy.lifecycle.duration_s: the run has {then}, this has 600.0",
        f'venues.lighter.deposit_usd: the run has "{deposit}", this has "7"',
    ]


def test_a_venue_that_is_no_longer_there_is_named(tmp_path: Path) -> None:
    keep(tmp_path, SANDBOX)
    venues = {venue: section for venue, section in SANDBOX.venues.items() if venue is not Venue.DRIFT}
    (line,) = differences(tmp_path, header(), replace(SANDBOX, venues=venues))
    assert line.startswith("venues.drift: the run has {")
    assert line.endswith("this has nothing")


def test_of_a_run_without_it_the_journal_tells_mode_seed_and_policy(tmp_path: Path) -> None:
    other = configuration.with_options(SANDBOX, seed=5, assets="BTC")
    found = differences(tmp_path, header(), other)
    assert f"run.seed: the run has {SANDBOX.run.seed}, this has 5" in found
    assert any(line.startswith("policy.scanner.assets: the run has") for line in found)


def test_where_things_lie_ids_of_a_runs_own_and_what_flattens_may_differ(tmp_path: Path) -> None:
    keep(tmp_path, SANDBOX)
    run = replace(SANDBOX.run, runs_directory="elsewhere", state_directory="there")
    policy = replace(SANDBOX.policy, order_namespace="another")
    flatten = replace(SANDBOX.flatten, **_other_flatten())
    assert differences(tmp_path, header(), replace(SANDBOX, run=run, policy=policy, flatten=flatten)) == ()


def _other_flatten() -> dict[str, float]:
    return {
        name: getattr(SANDBOX.flatten, name) + 1
        for name in SANDBOX.flatten.__struct_fields__
        if isinstance(getattr(SANDBOX.flatten, name), float)
    }
