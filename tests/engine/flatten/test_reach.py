from __future__ import annotations

import fcntl
import os
from pathlib import Path

import msgspec
import pytest
import trio

from actors.domain import Venue
from engine.config import DEFAULT_CONFIG, Config, NetworkSection, load
from engine.doors.network import SigningPlace, caps_of
from engine.doors.sandbox import SandboxMissing
from engine.flatten.reach import NetworkReach, NoKey, holder_of, key_of, speed_of, without_dead_man
from engine.keys import write_key_file
from engine.sandbox.keys import second_key, simulated_key
from engine.signing.hour_file import held
from engine.signing.law import Law
from engine.simulators.server import Stall, serve
from engine.venues.signing import Opening, Purpose, SigningRefused
from engine.world import second_secret_for, secret_for
from tests.engine.flatten.theatre import PACIFICA, Theatre
from tests.engine.signing.asking import pacifica_order
from tests.scenarios.harness import account_of

SANDBOX = load(DEFAULT_CONFIG.parent / "sandbox.toml")


def network(venue: Venue, **changes: object) -> NetworkSection:
    found = SANDBOX.venues[venue].network
    assert found is not None
    return msgspec.structs.replace(found, **changes)


# --- keys --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("venue", list(Venue))
def test_whichever_key_signs_may_only_reduce_and_sets_no_leverage(venue: Venue) -> None:
    section = key_of(venue, network(venue)).section
    place = SigningPlace(venue=venue, section=section, network="simulated", account="a", leverage=0)
    caps = caps_of(place)
    assert caps.reduces_only
    law = Law(caps)
    assert law.weigh(Purpose(operation="order"), 0) == law.weigh(Purpose(operation="cancel"), 0) == 0
    least = Opening(
        market="0", size=msgspec.convert("0.001", type=type(caps.order_most_usd)), usd=caps.order_most_usd + 1
    )
    with pytest.raises(SigningRefused):
        law.weigh(Purpose(operation="order", opens=(least,)), 0)
    with pytest.raises(SigningRefused, match="leverage"):
        law.weigh(Purpose(operation="leverage", leverage=1), 0)


def test_the_flattener_s_own_key_is_taken_with_what_it_changes_in_the_adapter(tmp_path: Path) -> None:
    (tmp_path / "own.json").touch()
    own = str(tmp_path / "own.json")
    found = key_of(Venue.LIGHTER, network(Venue.LIGHTER, flatten_key_file=own, flatten_password_file="secret"))
    assert (found.section.key_file, found.section.password_file) == (own, "secret")
    assert found.adapter == {"api_key_index": 5}
    assert own in found.words


@pytest.mark.parametrize("venue", list(Venue))
def test_without_a_key_of_its_own_it_is_the_engine_s_with_a_word_on_nonces(venue: Venue) -> None:
    for missing in ("", "/nowhere/own.json"):
        found = key_of(venue, network(venue, flatten_key_file=missing))
        assert found.section.key_file == network(venue).key_file
        assert found.adapter == {}
        assert "nonce" in found.words
        assert f"the engine's key {network(venue).key_file}" in found.words
        assert missing in found.words


def test_no_switch_is_set_that_would_outlive_the_process() -> None:
    assert without_dead_man({"dead_man_s": 300, "order_timeout_s": 1}) == {"dead_man_s": 0, "order_timeout_s": 1}
    assert without_dead_man({"order_timeout_s": 1}) == {"order_timeout_s": 1}


async def test_whoever_only_looks_has_no_key() -> None:
    with pytest.raises(SigningRefused, match="only looks"):
        await NoKey("a").sign(pacifica_order())


# --- engines that live -------------------------------------------------------------------------------------


def test_an_engine_is_known_by_the_lock_it_holds_and_a_file_that_it_left_says_nothing(tmp_path: Path) -> None:
    path = tmp_path / "account.lock"
    assert holder_of(path) == ""
    path.write_text("process 17, run 3\n")
    assert holder_of(path) == ""
    holding = os.open(path, os.O_RDWR)
    fcntl.flock(holding, fcntl.LOCK_EX)
    assert holder_of(path) == "process 17, run 3"
    os.close(holding)
    assert holder_of(path) == ""


# --- sockets -----------------------------------------------------------------------------------------------


def pointed_at(config: Config, url: str, keys: Path) -> Config:
    """Every venue of the profile at one address, where one of them is."""
    venues = {}
    for venue, section in config.venues.items():
        there = network(
            venue,
            url=url,
            stream_url=url.replace("http", "ws"),
            key_file=str(keys / f"{venue.value}.json"),
            flatten_key_file=str(keys / f"{venue.value}_flatten.json"),
            access_key_file="",
        )
        venues[venue] = msgspec.structs.replace(section, network=there)
    run = msgspec.structs.replace(config.run, state_directory=str(keys))
    return msgspec.structs.replace(config, venues=venues, run=run)


def test_a_venue_is_reached_beside_an_engine_that_holds_its_hour_file_and_another_is_told_apart(
    tmp_path: Path,
) -> None:
    """The signing process of a hanging engine lives, and holds the account's file; the flattener's needs none."""
    said: list[str] = []

    async def main() -> None:
        theatre = Theatre((PACIFICA,))
        stall = Stall(venue=theatre.simulated[PACIFICA], account=account_of(PACIFICA))
        async with trio.open_nursery() as nursery:
            (address,) = await nursery.start(serve, (stall,))
            config = pointed_at(SANDBOX, address.url, tmp_path)
            assert await speed_of(config, (PACIFICA, Venue.LIGHTER)) == 1.0
            reach = NetworkReach(config, speed=1.0, looks=False)
            async with reach.open(PACIFICA, lambda venue, words: said.append(f"{venue.value}: {words}")) as reached:
                assert reached.account == account_of(PACIFICA)
                with pytest.raises(SigningRefused, match="no cap"):
                    await reached.signing.sign(pacifica_order())
            with pytest.raises(SandboxMissing, match="is pacifica, not lighter"):
                async with reach.open(Venue.LIGHTER, lambda *_: None):
                    pytest.fail("reached")
            faster = NetworkReach(config, speed=9.0, looks=True)
            with pytest.raises(SandboxMissing, match="lives at speed 1"):
                async with faster.open(PACIFICA, lambda *_: None):
                    pytest.fail("reached")
            nursery.cancel_scope.cancel()

    seed = 7
    first, second = secret_for(Venue.PACIFICA, seed), second_secret_for(Venue.PACIFICA, seed)
    own = second_key(Venue.PACIFICA, first, second)
    assert own is not None
    write_key_file(tmp_path / "pacifica.json", simulated_key(Venue.PACIFICA, first))
    write_key_file(tmp_path / "pacifica_flatten.json", own)
    engines = caps_of(
        SigningPlace(
            venue=Venue.PACIFICA,
            section=network(Venue.PACIFICA),
            network="simulated",
            account=own.account,
            leverage=3,
        )
    )
    with held(tmp_path, engines):
        trio.run(main)
    assert said[0].startswith("pacifica: signs with ")


async def test_venues_that_do_not_answer_live_in_real_time() -> None:
    config = pointed_at(SANDBOX, "http://127.0.0.1:1", Path("/nowhere"))
    assert await speed_of(config, tuple(Venue)) == 1.0
