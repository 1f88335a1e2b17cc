from __future__ import annotations

import json
import os
import signal
import socket
import threading
import time
import urllib.request
from pathlib import Path
from typing import Any

import msgspec
import pytest

from actors.domain import HOUR_NS, Venue
from engine import cli, config as configuration, sandbox
from engine.config import Config, ConfigError
from engine.keys import read_key_file
from engine.keys.access_file import read_access_file
from engine.sandbox import SandboxRequest, Site, Tally
from engine.sandbox.lock import KeysInUse
from engine.simulators.market import SeededMarket
from engine.simulators.server import PortTaken

PROFILE = configuration.ROOT / "config" / "paper.toml"
HL, PACIFICA = Venue.HYPERLIQUID, Venue.PACIFICA


@pytest.fixture
def profile() -> Config:
    return configuration.load(PROFILE)


def ask(site: Site, path: str, body: dict[str, Any] | None = None) -> Any:
    """One request to a served venue, from outside the server's thread."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(site.url + path, data, {"content-type": "application/json"})
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=10) as answer:
        return json.loads(answer.read())


def visited(request: SandboxRequest, visit) -> tuple[tuple[Site, ...], tuple[Tally, ...]]:
    """Run a sandbox, visit it from a thread, and interrupt it; what the visit raises is raised."""
    told: list[tuple[Site, ...]] = []
    failed: list[BaseException] = []

    def call() -> None:
        try:
            visit(told[0])
        except BaseException as error:  # noqa: BLE001 - raised again in the test's own thread
            failed.append(error)
        os.kill(os.getpid(), signal.SIGINT)

    caller = threading.Thread(target=call)

    def ready(sites: tuple[Site, ...]) -> None:
        told.append(sites)
        caller.start()

    tallies = sandbox.run(request, ready)
    caller.join()
    if failed:
        raise failed[0]
    return told[0], tallies


def test_every_venue_is_served_with_its_account_and_key_until_an_interrupt(profile: Config, tmp_path: Path) -> None:
    heard: dict[str, Any] = {}

    def visit(sites: tuple[Site, ...]) -> None:
        for site in sites:
            heard[site.venue] = (ask(site, "/sandbox/clock"), ask(site, "/sandbox/account"))
        heard["meta"] = ask(sites[0], "/info", {"type": "meta"})

    begun_ns = time.time_ns()
    request = SandboxRequest(config=profile, venues=(HL, PACIFICA), keys=tmp_path / "keys", first_port=0)
    sites, tallies = visited(request, visit)
    assert [site.venue for site in sites] == ["hyperliquid", "pacifica"]
    assert [asset["name"] for asset in heard["meta"]["universe"]] == ["BTC", "ETH", "SOL", "HYPE", "DOGE"]
    for site in sites:
        clock, account = heard[site.venue]
        assert begun_ns <= clock["now_ns"] + 1_000_000 <= time.time_ns() + 2_000_000
        assert (clock["account"], clock["network"], clock["speed"]) == (site.account, "simulated", 1.0)
        assert account["equity_usd"] == "50000"
        assert read_key_file(Path(site.key_file)).account == site.account
        assert site.stream_url == site.url.replace("http", "ws", 1)
    assert sites[0].access_key_file == ""
    assert read_access_file(Path(sites[1].access_key_file)).account == sites[1].account
    assert all(read_key_file(Path(site.flatten_key_file)).account == site.account for site in sites)
    assert [tally.requests for tally in tallies] == [1, 0]


def test_a_sandbox_lives_faster_when_told_and_ends_when_its_time_is_up(profile: Config, tmp_path: Path) -> None:
    request = SandboxRequest(
        config=profile, venues=(HL,), keys=tmp_path / "keys", first_port=0, duration_s=20, speed=100
    )
    begun_s = time.monotonic()
    (tally,) = sandbox.run(request, lambda _: None)
    assert time.monotonic() - begun_s < 10
    assert tally == Tally(venue="hyperliquid", requests=0, frames=0, struck={})


def test_faults_strike_over_sockets_and_are_counted(profile: Config, tmp_path: Path) -> None:
    plan = tmp_path / "faults.toml"
    plan.write_text('[[rules]]\nname = "busy"\ntraffic = "http"\nnth = [1]\nfault = { do = "status", status = 503 }\n')

    def visit(sites: tuple[Site, ...]) -> None:
        with pytest.raises(urllib.request.HTTPError, match="503"):
            ask(sites[0], "/info", {"type": "meta"})
        ask(sites[0], "/info", {"type": "meta"})

    config = msgspec.structs.replace(profile, faults=str(plan))
    _, tallies = visited(SandboxRequest(config=config, venues=(HL,), keys=tmp_path / "keys", first_port=0), visit)
    assert tallies[0].struck == {"busy": 1}


def test_a_taken_port_is_named(profile: Config, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        request = SandboxRequest(config=profile, venues=(HL,), keys=tmp_path / "keys", first_port=port)
        with pytest.raises(PortTaken, match=str(port)):
            sandbox.run(request, lambda _: None)


def test_a_second_sandbox_on_the_same_key_files_is_refused_and_leaves_them_alone(
    profile: Config, tmp_path: Path
) -> None:
    first = SandboxRequest(config=profile, venues=(HL,), keys=tmp_path / "keys", first_port=0)
    other = configuration.with_options(profile, seed=99)
    second = SandboxRequest(config=other, venues=(HL,), keys=tmp_path / "keys", first_port=0)

    def visit(sites: tuple[Site, ...]) -> None:
        assert ask(sites[0], "/sandbox/clock")["venue"] == HL.value
        before = Path(sites[0].key_file).read_bytes()
        with pytest.raises(KeysInUse, match=f"process {os.getpid()}"):
            sandbox.run(second, lambda _: None)
        assert Path(sites[0].key_file).read_bytes() == before

    visited(first, visit)


def test_venues_are_those_of_the_profile_unless_named(profile: Config) -> None:
    assert sandbox.chosen_venues(profile, None) == profile.policy.scanner.venues
    assert sandbox.chosen_venues(profile, "pacifica, hyperliquid,pacifica") == (PACIFICA, HL)
    for named in ("", "kraken", "pacifica,kraken"):
        with pytest.raises(ConfigError, match="hyperliquid"):
            sandbox.chosen_venues(profile, named)


@pytest.mark.parametrize("text", ["max", "0", "-1", "fast", "1e9"])
def test_a_speed_that_sockets_cannot_have_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match="--speed"):
        sandbox.pace_of(text)
    assert sandbox.pace_of("60") == 60


def test_the_market_begins_within_the_hour_so_that_clocks_agree_and_the_world_is_the_same(profile: Config) -> None:
    market, now_ns = SeededMarket(1), time.time_ns()
    today = sandbox.brought_to_today(market, profile, now_ns)
    assert 0 <= now_ns - today.start_ns < HOUR_NS
    later_ns = today.start_ns - market.start_ns
    assert later_ns % HOUR_NS == 0
    first, same = market.sample("drift", "SOL", market.start_ns), today.sample("drift", "SOL", today.start_ns)
    assert first is not None
    assert same is not None
    assert (first.mid, first.premium) == (same.mid, same.premium)


def test_the_command_prints_where_and_what_for_programs(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    keys = tmp_path / "keys"
    options = ["--venues", "pacifica", "--port", "0", "--seed", "3", "--duration", "5s", "--speed", "100"]
    with pytest.raises(SystemExit) as ended:
        cli.main(["simulate", *options, "--keys", str(keys), "--json"])
    assert ended.value.code == 0
    sites, tallies = (json.loads(line) for line in capsys.readouterr().out.splitlines())
    assert sites[0]["key_file"] == str(keys / "pacifica.json")
    assert tallies == [{"venue": "pacifica", "requests": 0, "frames": 0, "struck": {}}]


def test_the_command_prints_tables_for_people(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit):
        cli.main(["simulate", "--port", "0", "--duration", "5s", "--speed", "100"])
    printed = capsys.readouterr().out
    for word in ("WebSocket URL", "http://127.0.0.1:", "sandbox/hyperliquid.json", "faults struck", "none"):
        assert word in printed


def test_the_command_refuses_what_it_cannot_serve_in_one_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main(["simulate", "--venues", "kraken"])
    assert ended.value.code == 2
    assert capsys.readouterr().err.startswith("perp2perp: --venues kraken")
