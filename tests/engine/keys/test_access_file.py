"""Access keys: in files of their own form, for one account of one venue, and never shown but to that venue."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from actors.domain import Venue
from engine.keys import KeyRefused, Secret, read_key_file, write_key_file
from engine.keys.access_file import AccessKey, read_access_file, read_access_of, write_access_file
from tests.engine.keys.samples import OTHER_ACCOUNT, PACIFICA, PASSWORD
from tests.engine.keys.terminal import CLI, at_terminal

TEXT = "AbCdEfGh_2mT8x"
KEY = AccessKey(venue=Venue.PACIFICA, network="testnet", account=OTHER_ACCOUNT, key=Secret(TEXT))


def refusal(path: Path) -> str:
    with pytest.raises(KeyRefused) as refused:
        read_access_file(path)
    told = str(refused.value)
    assert told.count(str(path)) >= 1
    return told


def test_a_key_is_read_back_as_it_was_written_by_its_owner_alone_and_does_not_show(tmp_path: Path) -> None:
    write_access_file(tmp_path / "a", KEY)
    assert read_access_file(tmp_path / "a") == KEY
    assert (tmp_path / "a").stat().st_mode & 0o777 == 0o600
    assert TEXT not in f"{KEY!r} {KEY}"
    with pytest.raises(KeyRefused, match="is there already"):
        write_access_file(tmp_path / "a", KEY)


def test_a_file_that_others_can_read_is_refused(tmp_path: Path) -> None:
    write_access_file(tmp_path / "a", KEY)
    (tmp_path / "a").chmod(0o640)
    assert "chmod 600" in refusal(tmp_path / "a")


def test_a_key_that_signs_and_a_password_are_never_taken_for_one(tmp_path: Path) -> None:
    write_key_file(tmp_path / "signs", PACIFICA)
    (tmp_path / "password").write_text(PASSWORD)
    (tmp_path / "password").chmod(0o600)
    for name in ("signs", "password"):
        told = refusal(tmp_path / name)
        assert "keys add-access" in told
        assert PASSWORD not in told
        assert PACIFICA.secret.reveal() not in told
    write_access_file(tmp_path / "a", KEY)
    with pytest.raises(KeyRefused, match="is not a key file"):
        read_key_file(tmp_path / "a")


@pytest.mark.parametrize(
    "text",
    ["short", "two\r\nlines: of a head", 'quo"ted text', "back\\slash", "späßchen", PACIFICA.secret.reveal(), "x" * 81],
    ids=["short", "line break", "quote", "backslash", "not ASCII", "a key that signs", "long"],
)
def test_what_cannot_stand_in_a_header_or_may_be_another_kind_of_key_is_refused_unrepeated(
    text: str, tmp_path: Path
) -> None:
    wrong = msgspec.structs.replace(KEY, key=Secret(text))
    with pytest.raises(KeyRefused) as refused:
        write_access_file(tmp_path / "a", wrong)
    assert text not in str(refused.value)
    assert list(tmp_path.iterdir()) == []
    write_access_file(tmp_path / "a", KEY)
    (tmp_path / "a").write_bytes((tmp_path / "a").read_bytes().replace(TEXT.encode(), msgspec.json.encode(text)[1:-1]))
    assert text not in refusal(tmp_path / "a")


@pytest.mark.parametrize(
    ("venue", "network", "account"),
    [
        (Venue.LIGHTER, "testnet", OTHER_ACCOUNT),
        (Venue.PACIFICA, "simulated", OTHER_ACCOUNT),
        (Venue.PACIFICA, "testnet", "another"),
    ],
)
def test_a_key_is_for_one_account_of_one_venue_on_one_network(
    venue: Venue, network: str, account: str, tmp_path: Path
) -> None:
    write_access_file(tmp_path / "a", KEY)
    assert read_access_of(tmp_path / "a", Venue.PACIFICA, "testnet", OTHER_ACCOUNT) == KEY
    with pytest.raises(KeyRefused, match=f"not for {account} on {venue.value} {network}; name that account's own"):
        read_access_of(tmp_path / "a", venue, network, account)  # type: ignore[arg-type]


def test_the_command_asks_for_a_key_on_the_terminal_and_does_not_show_it(tmp_path: Path) -> None:
    command = ("keys", "add-access", "pacifica", "--account", OTHER_ACCOUNT, "--network", "testnet")
    session = at_terminal(CLI, *command, "--out", tmp_path / "a", typed=(TEXT,))
    assert session.code == 0, session
    assert TEXT not in session.screen + session.out + session.err
    assert read_access_file(tmp_path / "a") == KEY
    again = at_terminal(CLI, *command, "--out", tmp_path / "a")
    assert (again.code, "is there already" in again.err) == (2, True)


def test_the_command_refuses_a_venue_without_access_keys_before_it_asks(tmp_path: Path) -> None:
    command = ("keys", "add-access", "lighter", "--account", "7", "--network", "testnet", "--out", tmp_path / "a")
    session = at_terminal(CLI, *command)
    assert (session.code, session.out, session.screen) == (2, "", "")
    assert session.err == "perp2perp: lighter knows no access keys; nothing was done\n"
