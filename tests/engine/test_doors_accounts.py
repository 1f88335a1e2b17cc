"""C7: two engines never trade on one account."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
import pytest

from actors.domain import Venue
from engine.doors.accounts import Account, AccountInUse, accounts_held, lock_directory

HL = Account(venue=Venue.HYPERLIQUID, network="testnet", account="0xAb")
PACIFICA = Account(venue=Venue.PACIFICA, network="testnet", account="Pac")


@contextmanager
def nobody_else(directory: Path, *accounts: Account) -> Iterator[None]:
    with accounts_held(str(directory), accounts, "run /runs/1"):
        yield


def test_the_second_engine_on_an_account_is_told_who_has_it_and_what_to_do(tmp_path: Path) -> None:
    with nobody_else(tmp_path, HL, PACIFICA):
        with pytest.raises(AccountInUse) as refused, nobody_else(tmp_path, PACIFICA):
            raise AssertionError("held twice")
        for word in ("account Pac on pacifica", f"process {os.getpid()}, run /runs/1", "stop that one first"):
            assert word in str(refused.value)
    with nobody_else(tmp_path, PACIFICA):
        pass


def test_a_refusal_lets_go_of_what_it_had_already(tmp_path: Path) -> None:
    with nobody_else(tmp_path, PACIFICA), pytest.raises(AccountInUse), nobody_else(tmp_path, HL, PACIFICA):
        raise AssertionError("held twice")
    with nobody_else(tmp_path, HL):
        pass


@pytest.mark.parametrize(
    "changes",
    [
        {"account": "0xAc"},
        {"venue": Venue.LIGHTER},
        {"network": "mainnet"},
        {"place": "127.0.0.1:8701"},
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_another_account_is_free(changes: dict[str, object], tmp_path: Path) -> None:
    with nobody_else(tmp_path, HL), nobody_else(tmp_path, msgspec.structs.replace(HL, **changes)):
        pass


def test_an_address_written_in_other_letters_is_the_same_account(tmp_path: Path) -> None:
    with (
        nobody_else(tmp_path, HL),
        pytest.raises(AccountInUse),
        nobody_else(tmp_path, msgspec.structs.replace(HL, account="0xaB")),
    ):
        raise AssertionError("held twice")


def test_no_account_is_named_where_the_locks_lie(tmp_path: Path) -> None:
    with nobody_else(tmp_path, PACIFICA):
        (name,) = [path.name for path in (tmp_path / "locks").iterdir()]
    assert name.startswith("pacifica-testnet-")
    assert "Pac" not in name


def test_where_no_lock_can_be_kept_no_engine_begins(tmp_path: Path) -> None:
    (tmp_path / "locks").write_text("no directory")
    with pytest.raises(AccountInUse, match=r"run\.state_directory"), nobody_else(tmp_path, HL):
        raise AssertionError("unlocked")


def test_without_a_directory_named_the_user_s_own_is_taken(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.delenv("XDG_STATE_HOME")
    assert lock_directory("") == tmp_path / "home/.local/state/perp2perp/locks"
    monkeypatch.setenv("XDG_STATE_HOME", "relative/is/ignored")
    assert lock_directory("") == tmp_path / "home/.local/state/perp2perp/locks"
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    assert lock_directory("") == tmp_path / "state/perp2perp/locks"
    assert lock_directory("~/mine") == tmp_path / "home/mine/locks"
