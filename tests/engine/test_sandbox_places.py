from __future__ import annotations

import json
import socket
from pathlib import Path

import pytest

from actors.domain import Venue
from engine import cli, config as configuration
from engine.config import DEFAULT_CONFIG, Config, ConfigError
from engine.sandbox.places import FIRST_PORT, KEYS, places_of

HL, PACIFICA, LIGHTER = Venue.HYPERLIQUID, Venue.PACIFICA, Venue.LIGHTER
SANDBOX = DEFAULT_CONFIG.parent / "sandbox.toml"
PORTS = {f"127.0.0.1:870{number}": f"127.0.0.1:4{number}0{number}" for number in (1, 2, 3, 4)}


def profile_of(directory: Path, **changes: str) -> Path:
    text = SANDBOX.read_text().replace('"sandbox/', f'"{directory}/mine/')
    for old, new in {**PORTS, **changes}.items():
        assert old in text
        text = text.replace(old, new)
    file = directory / "mine.toml"
    file.write_text(text)
    return file


@pytest.fixture
def mine(tmp_path: Path) -> Config:
    return configuration.load(profile_of(tmp_path))


def test_a_sandbox_profile_says_every_port_and_every_key_file(mine: Config, tmp_path: Path) -> None:
    pacifica, hyperliquid = places_of(mine, (PACIFICA, HL), None, None)
    assert (pacifica.port, hyperliquid.port) == (4202, 4101)
    assert pacifica.key_file == tmp_path / "mine" / "pacifica.json"
    assert pacifica.access_key_file == tmp_path / "mine" / "pacifica_access.json"
    assert pacifica.flatten_key_file == tmp_path / "mine" / "pacifica_flatten.json"
    assert hyperliquid.access_key_file is None


def test_a_file_that_the_profile_leaves_empty_is_not_made(tmp_path: Path) -> None:
    file = profile_of(
        tmp_path, **{f'flatten_key_file = "{tmp_path}/mine/hyperliquid_flatten.json"': 'flatten_key_file = ""'}
    )
    (place,) = places_of(configuration.load(file), (HL,), None, None)
    assert place.flatten_key_file is None


def test_what_the_command_line_says_takes_the_profile_s_place_each_for_itself(mine: Config, tmp_path: Path) -> None:
    ported = places_of(mine, (HL, LIGHTER), 9001, None)
    assert [(each.port, each.key_file.parent.name) for each in ported] == [(9001, "mine"), (9002, "mine")]
    kept = places_of(mine, (HL, LIGHTER), None, tmp_path / "other")
    assert [(each.port, each.key_file) for each in kept] == [
        (4101, tmp_path / "other" / "hyperliquid.json"),
        (4303, tmp_path / "other" / "lighter.json"),
    ]
    assert [each.port for each in places_of(mine, (HL, LIGHTER), 0, None)] == [0, 0]


@pytest.mark.parametrize("name", ["paper.toml", "live.toml", "shadow.toml"])
def test_a_profile_of_no_sandbox_is_served_at_the_usual_place_and_its_key_files_are_left_alone(name: str) -> None:
    places = places_of(configuration.load(DEFAULT_CONFIG.parent / name), (HL, PACIFICA), None, None)
    assert [each.port for each in places] == [FIRST_PORT, FIRST_PORT + 1]
    assert [each.key_file for each in places] == [KEYS / "hyperliquid.json", KEYS / "pacifica.json"]


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        (
            'stream_url = "ws://127.0.0.1:4101"',
            'stream_url = "ws://127.0.0.1:4109"',
            "has port 4101, stream_url 4109",
        ),
        ('url = "http://127.0.0.1:4101"', 'url = "http://127.0.0.1"', "hyperliquid.network.url is http://127.0.0.1;"),
        ('url = "http://127.0.0.1:4101"', 'url = "http://127.0.0.2:4101"', "has to be on 127.0.0.1"),
    ],
)
def test_an_address_that_cannot_be_served_here_is_named(tmp_path: Path, old: str, new: str, told: str) -> None:
    config = configuration.load(profile_of(tmp_path, **{old: new}))
    with pytest.raises(ConfigError, match=told.replace(".", r"\.")):
        places_of(config, (HL,), None, None)
    assert places_of(config, (HL,), 0, None)[0].port == 0


def test_simulate_writes_the_key_files_and_takes_the_port_of_the_profile(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    file = profile_of(tmp_path, **{"127.0.0.1:4202": f"127.0.0.1:{port}"})
    options = ["--venues", "pacifica", "--duration", "5s", "--speed", "100", "--json"]
    with pytest.raises(SystemExit) as ended:
        cli.main(["simulate", "--config", str(file), *options])
    assert ended.value.code == 0
    (site,) = json.loads(capsys.readouterr().out.splitlines()[0])
    assert site["url"] == f"http://127.0.0.1:{port}"
    files = sorted(each.name for each in (tmp_path / "mine").iterdir() if not each.name.startswith("."))
    assert files == ["pacifica.json", "pacifica_access.json", "pacifica_flatten.json"]
