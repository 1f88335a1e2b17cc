from __future__ import annotations

import tempfile
from decimal import Decimal
from pathlib import Path

import pytest

from actors.domain import Venue
from actors.risk.auto_close import RULES
from engine import config as configuration
from engine.config import Config, ConfigError

PAPER = configuration.DEFAULT_CONFIG
CONFIGS = PAPER.parent


def profile(tmp_path: Path, old: str, new: str) -> Path:
    """The paper profile with one passage changed, which must stand there."""
    text = PAPER.read_text(encoding="utf-8")
    assert old in text
    path = tmp_path / "mine.toml"
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    return path


def refusal(path: Path) -> str:
    with pytest.raises(ConfigError) as refused:
        configuration.load(path)
    text = str(refused.value)
    assert text.startswith(f"{path}: ")
    assert "\n" not in text
    return text


@pytest.mark.parametrize("name", ["paper", "sandbox", "shadow", "live"])
def test_every_profile_that_ships_is_good_and_says_its_mode(name: str) -> None:
    assert configuration.load(CONFIGS / f"{name}.toml").run.mode == name


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("scan_s = 300.0", "scan_every_s = 300.0", ("policy.scanner", "scan_every_s", "remove or rename it")),
        ("[journal]", "[jurnal]", ("the top level", "jurnal", "remove or rename it")),
        ("pairs_most = 3", 'pairs_most = "three"', ("policy.scanner.pairs_most", "int", "give it a value")),
        ('mode = "paper"', 'mode = "papre"', ("run.mode", "papre")),
        ('notional_usd = "10000"', 'notional_usd = "much"', ("policy.scanner.notional_usd",)),
        ('[run]\nmode = "paper"', "[run]", ("run", "mode", "missing")),
        ("[venues.pacifica.instruments]", "[venues.paradise.instruments]", ("venues", "paradise")),
    ],
)
def test_an_unknown_field_or_a_wrong_type_is_named_with_its_path_and_a_remedy(
    old: str, new: str, told: tuple[str, ...], tmp_path: Path
) -> None:
    text = refusal(profile(tmp_path, old, new))
    assert [word for word in told if word not in text] == []


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ('leverage_most = "3"', 'leverage_most = "5"', "policy.risk.leverage_most is 5; at most 3"),
        ("leverage = 3", "leverage = 10", "venues.hyperliquid.leverage is 10; between 1 and 3"),
        ("leverage = 3", "leverage = 0", "venues.hyperliquid.leverage is 0"),
        ('deposit_usd = "50000"', 'deposit_usd = "0"', "venues.hyperliquid.deposit_usd is 0"),
        ('dust_usd = "10"', 'dust_usd = "-1"', "policy.verify.dust_usd is -1"),
        ('dust_usd = "10"', 'dust_usd = "NaN"', "policy.verify.dust_usd is NaN; give a finite number"),
        ("outage_s = 60.0", "outage_s = inf", "policy.link.outage_s is inf; give a finite number"),
        ("scan_s = 300.0", "scan_s = 0.0", "policy.scanner.scan_s is 0"),
        ("batch_most = 256", "batch_most = 0", "sequencer.batch_most is 0"),
        ("pause_first_s = 5.0", "pause_first_s = 0.0", "venue_restarts.pause_first_s is 0"),
        ("failures_within_s = 600.0", "failures_within_s = 0", "venue_restarts.failures_within_s is 0"),
        ('state_directory = ""', 'state_directory = "here"', "run.state_directory is here; engines must meet there"),
        ("busy_step_s = 1.0", "busy_step_s = 0.0", "venues.hyperliquid.pace.busy_step_s is 0"),
        ("latency_least_s = 0.02", "latency_least_s = 0.2", "venues.hyperliquid.pace.latency_least_s is above"),
        ('reduce_fraction = "0.5"', 'reduce_fraction = "1.5"', "policy.adl.reduce_fraction is 1.5"),
        ("reduce_level = 4", "reduce_level = 6", "policy.adl.reduce_level is above policy.adl.exit_level"),
        ('level_scores = ["1", ', "level_scores = [", "policy.adl.level_scores has to be 4 rising numbers"),
        ('level_scores = ["1", ', 'level_scores = ["3", ', "policy.adl.level_scores has to be 4 rising numbers"),
        ('level_scores = ["1", ', 'level_scores = ["0", ', "policy.adl.level_scores has a score of 0"),
        ('interest_drop_step = "0.1"', 'interest_drop_step = "0"', "policy.adl.interest_drop_step is 0"),
        ("stress_window_s = 3600.0", "stress_window_s = 7200.0", "the board remembers 3600 s"),
        ("ask_again_s = 60.0", "ask_again_s = 0.0", "policy.auto_close.ask_again_s is 0"),
        ("speed_window_s = 300.0", "speed_window_s = 30.0", "remembers a mark every 60 s, for 3600 s"),
        ("speed_window_s = 300.0", "speed_window_s = 7200.0", "policy.auto_close.speed_window_s is 7200"),
        (
            'least_fraction = "0.05"',
            'least_fraction = "0.2"',
            "liquidation_distance_least_fraction is 0.2; at leverage 3",
        ),
        ('skew_most_s = "5"', 'skew_most_s = "20"', "clock_skew_most_s must be shorter than policy.order.order_life"),
        ('notional_usd = "10000"', 'notional_usd = "90000"', "no entry could ever pass"),
        ("order_lifetime_s = 20.0", "order_lifetime_s = 4.0", "must be longer than policy.order.order_timeout_s"),
        ("calm_s = 5.0", "calm_s = 30.0", "must be shorter than policy.lifecycle.settle_s"),
        ("reread_s = 10.0", "reread_s = 0.0", "policy.settlement.reread_s is 0"),
        ("look_s = 5.0", "look_s = 0.0", "policy.reconcile.look_s is 0"),
        ("looks_most = 4", "looks_most = 1", "policy.reconcile.looks_most must not be below answers_least"),
        ("tries_most = 5\nbackoff_s = 60.0", "tries_most = 5\nbackoff_s = 0.0", "policy.settlement.backoff_s is 0"),
        ('"hyperliquid", "pacifica", "lighter", "drift"]', '"pacifica"]', "fewer than two venues"),
        ('"hyperliquid", "pacifica", "lighter", "drift"]', '"pacifica", "pacifica"]', "fewer than two venues"),
        ("[venues.drift]\ndeposit", "[venues.drift.teapot]\ndeposit", "unknown field"),
        ('assets = ["BTC",', 'assets = ["XYZ",', "XYZ, not in venues.hyperliquid.instruments"),
        ("size_decimals = 5, ", "", "venues.hyperliquid.instruments.BTC has no size_decimals; add it"),
        ('tick = "1", ', "", "venues.pacifica.instruments.BTC has no tick; add it"),
        ('tick = "1", ', 'tick = "0", ', "venues.pacifica.instruments.BTC.tick is 0"),
        ('kind = "seeded"', 'kind = "recorded"', "market.file is empty"),
    ],
)
def test_an_impossible_limit_is_named_with_its_value(old: str, new: str, told: str, tmp_path: Path) -> None:
    assert told in refusal(profile(tmp_path, old, new))


def test_all_problems_are_named_at_once(tmp_path: Path) -> None:
    path = profile(tmp_path, "leverage = 3", "leverage = 10")
    path.write_text(path.read_text().replace('dust_usd = "10"', 'dust_usd = "-1"'))
    text = refusal(path)
    assert "policy.verify.dust_usd" in text
    assert "venues.hyperliquid.leverage" in text


@pytest.mark.parametrize("content", [b"[run\n", b"\xff\xfe\x00", b"mode = paper"])
def test_what_is_not_toml_is_said_so(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_bytes(content)
    assert "not valid TOML" in refusal(path)


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    assert "No such file" in refusal(tmp_path / "none.toml")
    assert "directory" in refusal(tmp_path)


def test_what_must_outlive_a_restart_lies_in_the_state_directory(tmp_path: Path) -> None:
    moved = configuration.load(profile(tmp_path, 'state_directory = ""', f'state_directory = "{tmp_path}"'))
    assert (moved.state, moved.spare) == (tmp_path, tmp_path / "spare")
    moved = configuration.load(profile(tmp_path, 'spare_directory = ""', 'spare_directory = "/elsewhere"'))
    assert moved.spare == Path("/elsewhere")
    assert Path(tempfile.gettempdir()) not in (moved.state, moved.spare)


def test_the_digest_is_of_what_is_said_and_not_of_where_it_lies(tmp_path: Path) -> None:
    paper = configuration.digest(configuration.load(PAPER))
    moved = profile(tmp_path, 'runs_directory = "runs"', 'runs_directory = "elsewhere"')
    assert configuration.digest(configuration.load(moved)) == paper
    moved = profile(tmp_path, 'state_directory = ""', 'state_directory = "/elsewhere"')
    assert configuration.digest(configuration.load(moved)) == paper
    other = profile(tmp_path, "seed = 7", "seed = 8")
    assert configuration.digest(configuration.load(other)) != paper


@pytest.mark.parametrize(("mode", "told"), [("live", "test networks"), ("shadow", "live market data")])
def test_a_profile_that_needs_what_is_not_there_is_refused_with_the_way_out(mode: str, told: str) -> None:
    profile = configuration.load(CONFIGS / f"{mode}.toml")
    with pytest.raises(ConfigError) as refused:
        configuration.refuse_unready(profile)
    assert all(word in str(refused.value) for word in (f"run.mode is {mode!r}", told, "config/sandbox.toml"))


@pytest.mark.parametrize("name", ["paper", "sandbox"])
def test_the_profiles_of_simulated_venues_may_run(name: str) -> None:
    configuration.refuse_unready(configuration.load(CONFIGS / f"{name}.toml"))


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ('url = "http://127.0.0.1:8701"', 'url = "http://10.0.0.1:8701"', r"network\.url is http://10.*127\.0\.0\.1"),
        ("[venues.lighter.network", "[venues.lighter.adapter.gone", r"no \[venues\.lighter\.network\]"),
    ],
)
def test_a_sandbox_is_on_this_machine_and_each_of_its_venues_is_reachable(
    tmp_path: Path, before: str, after: str, told: str
) -> None:
    file = tmp_path / "sandbox.toml"
    file.write_text((CONFIGS / "sandbox.toml").read_text().replace(before, after))
    with pytest.raises(ConfigError, match=told):
        configuration.load(file)


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        (
            'key_file = "sandbox/lighter.json"',
            'key_file = "sandbox/lighter.json"\naccess_key_file = "sandbox/a.json"',
            r"venues\.lighter\.network\.access_key_file: lighter knows no access keys; leave it out",
        ),
        (
            "[venues.pacifica.adapter]",
            "[venues.pacifica.adapter]\nidentified = true",
            r"venues\.pacifica\.adapter\.identified follows from network\.access_key_file; leave it out",
        ),
    ],
)
def test_an_access_key_is_named_by_its_file_and_only_where_the_venue_knows_one(
    tmp_path: Path, before: str, after: str, told: str
) -> None:
    file = tmp_path / "sandbox.toml"
    file.write_text((CONFIGS / "sandbox.toml").read_text().replace(before, after, 1))
    with pytest.raises(ConfigError, match=told):
        configuration.load(file)


@pytest.mark.parametrize(("name", "folder"), [("sandbox", "sandbox"), ("live", "keys"), ("shadow", "keys")])
def test_the_profiles_over_a_network_name_pacificas_access_key(name: str, folder: str) -> None:
    network = configuration.load(CONFIGS / f"{name}.toml").venues[Venue.PACIFICA].network
    assert network is not None
    assert network.access_key_file == f"{folder}/pacifica_access.json"


def test_a_setting_an_adapter_does_not_have_is_named_with_where_to_look(tmp_path: Path) -> None:
    file = profile(tmp_path, "[venues.pacifica.adapter]", "[venues.pacifica.adapter]\nteapot = 1")
    with pytest.raises(ConfigError, match=r"venues\.pacifica\.adapter.*teapot.*engine/venues/pacifica/settings\.py"):
        configuration.load(file)


@pytest.mark.parametrize(
    ("text", "seconds"), [("90s", 90), ("30m", 1800), ("12h", 43200), ("7d", 604800), ("3w", 1814400), ("1.5h", 5400)]
)
def test_a_duration_is_a_number_and_a_unit(text: str, seconds: float) -> None:
    assert configuration.parse_duration(text) == seconds


@pytest.mark.parametrize("text", ["", "7", "d", "7y", "-1d", "0s", "nand", "infd", "1e300w", "7 days"])
def test_a_bad_duration_is_refused_by_name(text: str) -> None:
    with pytest.raises(ConfigError, match="--duration"):
        configuration.parse_duration(text)


def test_a_speed_is_max_or_a_multiple_of_real_time() -> None:
    assert configuration.parse_speed("max") is None
    assert configuration.parse_speed("60") == 60.0


@pytest.mark.parametrize("text", ["", "fast", "0", "-1", "nan", "inf"])
def test_a_bad_speed_is_refused_by_name(text: str) -> None:
    with pytest.raises(ConfigError, match="--speed"):
        configuration.parse_speed(text)


def test_options_stand_above_the_profile_and_leave_the_rest() -> None:
    paper = configuration.load(PAPER)
    changed = configuration.with_options(
        paper, seed=99, duration="2d", market=Path("m.csv"), faults=Path("f.toml"), assets="BTC, ETH"
    )
    assert changed.run.seed == 99
    assert changed.policy.lifecycle.duration_s == 172800
    assert (changed.market.kind, changed.market.file) == ("recorded", "m.csv")
    assert changed.faults == "f.toml"
    assert changed.policy.scanner.assets == ("BTC", "ETH")
    assert changed.policy.risk == paper.policy.risk
    assert configuration.with_options(paper) == paper


def test_no_assets_at_all_are_refused() -> None:
    with pytest.raises(ConfigError, match="--assets"):
        configuration.with_options(configuration.load(PAPER), assets=" , ")


def test_money_is_read_as_decimals_and_never_as_floats() -> None:
    paper: Config = configuration.load(PAPER)
    assert paper.policy.scanner.notional_usd == Decimal(10_000)
    assert isinstance(paper.venues[Venue.PACIFICA].deposit_usd, Decimal)


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ("BTC = { market = 0, size", "BTC = { size", r"hyperliquid\.network\.sign_markets\.BTC: .*give market"),
        ("market = 1, size_decimals = 5, ", "market = 1, ", r"lighter\.network\.sign_markets\.BTC: give size_decimals"),
        (
            'BTC = { market = 0, size_most = "0.5" }',
            "",
            r"hyperliquid\.network\.sign_markets has no BTC, which is traded or signed for elsewhere; add it or",
        ),
        (
            'BTC = { market = 0, size_most = "0.5" }',
            'BTC = { market = 0, size_most = "0.5" }\nLTC = { market = 9, size_most = "9" }',
            r"pacifica\.network\.sign_markets has no LTC, which is traded or signed for elsewhere",
        ),
        (
            'BTC = { market = 0, size_most = "0.5" }',
            'BTC = { market = 0, size_most = "0.6" }',
            r"sign_markets\.BTC\.size_most is 0\.6, elsewhere 0\.5; both legs are of one size",
        ),
        ('size_most = "0.5"', 'size_most = "-1"', r"size_most is -1; a limit cannot be negative"),
    ],
)
def test_every_asset_has_the_same_signing_cap_at_every_venue(
    tmp_path: Path, before: str, after: str, told: str
) -> None:
    """One venue that signs less would leave the other venue's leg alone."""
    file = tmp_path / "sandbox.toml"
    text = (CONFIGS / "sandbox.toml").read_text()
    assert before in text
    file.write_text(text.replace(before, after, 1))
    with pytest.raises(ConfigError, match=told):
        configuration.load(file)


@pytest.mark.parametrize("name", ["live", "shadow"])
def test_markets_without_a_cap_are_for_the_sandbox_alone(tmp_path: Path, name: str) -> None:
    for mode in (name, "sandbox"):
        text = (CONFIGS / f"{mode}.toml").read_text()
        file = tmp_path / f"{mode}.toml"
        file.write_text(text.replace("sign_any_market = false", "sign_any_market = true", 1))
        if mode == "sandbox":
            configuration.load(file)
        else:
            with pytest.raises(ConfigError, match="where there is money every market has a cap of its own"):
                configuration.load(file)


@pytest.mark.parametrize("name", ["paper", "sandbox", "shadow", "live"])
def test_every_limit_stands_in_every_profile(name: str) -> None:
    assert list(configuration.defaults_used(CONFIGS / f"{name}.toml")) == []


@pytest.mark.parametrize(
    ("line", "field"),
    [
        ("alarms_kept = 200", "engine.alarms_kept"),
        ("keepalive_s = 20.0", "network.keepalive_s"),
        ("waiting_most = 256", "signing.waiting_most"),
        ("answer_most_s = 60.0", "server.answer_most_s"),
        ("cascade_most = 10000", "policy.core.cascade_most"),
        ("account_age_most_s = 120.0", "policy.risk.account_age_most_s"),
    ],
)
def test_a_limit_that_is_left_out_is_named_with_what_stands_in_for_it(tmp_path: Path, line: str, field: str) -> None:
    assert [name for name, _ in configuration.defaults_used(profile(tmp_path, line, ""))] == [field]


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ("[network]", "[network]\nconnect_s = 9.0", "network.connect_s is each venue's own; set venues"),
        ("[signing]", "[signing]\ntimeout_s = 9.0", "signing.timeout_s is each venue's own; set venues"),
        ("handshake_s = 5.0", "handshake_s = 0.0", "network.handshake_s is 0, and the engine would never come past it"),
        ("request_bytes_most = 1048576", "request_bytes_most = -1", "server.request_bytes_most is -1; a limit cannot"),
        ("owners_most = 100000", "owners_most = 0", "policy.core.owners_most is 0"),
        ("markets_refresh_s = 300.0", "markets_refresh_s = 0.0", "adapter.markets_refresh_s is 0"),
    ],
)
def test_a_bound_that_cannot_be_is_named_with_its_remedy(tmp_path: Path, before: str, after: str, told: str) -> None:
    with pytest.raises(ConfigError, match=told):
        configuration.load(profile(tmp_path, before, after))


def test_what_simulated_venues_bear_is_no_part_of_what_a_run_is(tmp_path: Path) -> None:
    plain = configuration.load(CONFIGS / "paper.toml")
    other = configuration.load(profile(tmp_path, "answer_most_s = 60.0", "answer_most_s = 61.0"))
    assert configuration.digest(plain) == configuration.digest(other)


@pytest.mark.parametrize("name", ["live", "shadow", "sandbox", "paper"])
def test_no_row_that_closes_a_pair_by_itself_is_off_in_a_profile_that_trades(name: str) -> None:
    part = configuration.load(CONFIGS / f"{name}.toml").policy.auto_close
    assert [rule.name for rule in RULES if not getattr(part, rule.limit)] == []
    assert part.divergence_most_bps > configuration.load(CONFIGS / f"{name}.toml").policy.scanner.divergence_most_bps
