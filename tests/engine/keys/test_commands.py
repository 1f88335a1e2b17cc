"""`perp2perp keys`, as a person uses it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from actors.domain import Venue
from engine.cli import main
from engine.keys import KeyFile, SealedKey, Secret, read_key_file, seal, write_key_file
from engine.keys.permissions import write_private
from tests.engine.keys.samples import ACCOUNT, HYPERLIQUID, OTHER_ACCOUNT, PACIFICA, PASSWORD, leaks
from tests.engine.keys.terminal import CLI, at_terminal


def run(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, str]:
    with pytest.raises(SystemExit) as ended:
        main(["keys", *map(str, arguments)])
    captured = capsys.readouterr()
    assert isinstance(ended.value.code, int)
    return ended.value.code, captured.out + captured.err


def test_a_key_is_asked_for_sealed_and_opened_again(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file, asked = tmp_path / "k", (HYPERLIQUID.secret.reveal(), PASSWORD, PASSWORD)
    command = ("keys", "add", "hyperliquid", "--account", ACCOUNT, "--network", "testnet", "--out", file)
    session = at_terminal(CLI, *command, typed=asked)
    assert session.code == 0, session
    assert leaks(session.screen + session.out + session.err) == []
    assert isinstance(read_key_file(file), SealedKey)
    assert leaks(file.read_bytes()) == []
    write_private(tmp_path / "p", PASSWORD.encode())
    code, told = run(capsys, "check", file, "--password-file", tmp_path / "p")
    assert (code, leaks(told)) == (0, [])
    assert f"{file}: hyperliquid testnet, signs for account {ACCOUNT} with the key of 0x" in told
    assert told.endswith("encrypted; it can sign\n")
    assert run(capsys, "show", file) == (0, session.out)


def test_a_plain_key_is_kept_in_the_clear_and_never_shown(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command = ("keys", "add", "pacifica", "--account", OTHER_ACCOUNT, "--network", "testnet", "--plain")
    session = at_terminal(CLI, *command, "--out", tmp_path / "k", typed=(PACIFICA.secret.reveal(),))
    assert session.code == 0, session
    found = read_key_file(tmp_path / "k")
    assert isinstance(found, KeyFile)
    assert (found.secret, found.account) == (PACIFICA.secret, OTHER_ACCOUNT)
    for name in ("show", "check"):
        code, told = run(capsys, name, tmp_path / "k")
        assert (code, leaks(told)) == (0, [])
        assert f"{found.address}, not encrypted" in told


@pytest.mark.parametrize(
    ("arguments", "secret", "words"),
    [
        (("hyperliquid", "--account", ACCOUNT), "nonsense", "the secret is not a hyperliquid key"),
        (("hyperliquid", "--account", ACCOUNT), PACIFICA.secret.reveal(), "the secret is not a hyperliquid key"),
        (("pacifica", "--account", OTHER_ACCOUNT), HYPERLIQUID.secret.reveal(), "the secret is not a pacifica key"),
    ],
)
def test_a_secret_that_is_none_is_refused_and_not_repeated(
    tmp_path: Path, arguments: tuple[str, ...], secret: str, words: str
) -> None:
    command = ("keys", "add", *arguments, "--network", "testnet", "--out", tmp_path / "k")
    session = at_terminal(CLI, *command, typed=(secret,))
    assert (session.code, session.out) == (2, "")
    assert words in session.err
    assert secret not in session.screen + session.err
    assert not (tmp_path / "k").exists()


def test_the_numbers_a_venue_needs_are_asked_for_before_the_secret(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ("add", "lighter", "--account", "7", "--network", "testnet", "--out", tmp_path / "k")
    assert run(capsys, *command, "--account-index", 7) == (
        2,
        "perp2perp: a lighter key needs --api-key-index, a number from 0 on\n",
    )
    code, told = run(capsys, *command[:1], "pacifica", *command[2:], "--sub-account", 1)
    assert (code, told) == (2, "perp2perp: a pacifica key has no --sub-account; leave it out\n")


@pytest.mark.parametrize("typed", [True, False])
def test_a_short_password_makes_no_file(tmp_path: Path, typed: bool) -> None:
    """Typed after the secret; in a file it is looked at before the secret is asked for."""
    command: tuple[object, ...] = ("keys", "add", "pacifica", "--account", OTHER_ACCOUNT, "--network", "testnet")
    asked: tuple[str, ...] = (PACIFICA.secret.reveal(), "ab")
    if not typed:
        write_private(tmp_path / "p", b"ab")
        command, asked = (*command, "--password-file", tmp_path / "p"), ()
    session = at_terminal(CLI, *command, "--out", tmp_path / "k", typed=asked)
    assert (session.code, session.out) == (2, "")
    assert "the password has 2 characters; take 12 or more" in session.err
    assert not (tmp_path / "k").exists()


def test_a_file_that_is_there_is_left_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_key_file(tmp_path / "k", PACIFICA)
    command = ("add", "pacifica", "--account", "x", "--network", "testnet", "--out", tmp_path / "k")
    code, told = run(capsys, *command)
    assert code == 2
    assert "is there already; name another file with --out" in told


def test_check_notices_a_file_others_can_read_and_an_address_that_is_not_the_keys(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "k"
    wrong = KeyFile(venue=PACIFICA.venue, network="testnet", account="x", secret=PACIFICA.secret, address=OTHER_ACCOUNT)
    write_key_file(file, wrong)
    code, told = run(capsys, "check", file)
    assert code == 2
    assert f"the file says {OTHER_ACCOUNT}, but" in told
    file.chmod(0o644)
    assert run(capsys, "check", file)[1].endswith(f"run: chmod 600 {file}\n")


def test_showing_a_sealed_key_needs_no_library(tmp_path: Path) -> None:
    write_key_file(tmp_path / "k", seal(PACIFICA, Secret(PASSWORD), "least"))
    script = "import sys; from engine.keys.commands import show; show(__import__('pathlib').Path(sys.argv[1]))"
    session = at_terminal(script + "; print('nacl' in sys.modules)", tmp_path / "k")
    assert session.out.endswith("(`perp2perp keys check` tells which), encrypted\nFalse\n")


LIGHTER = KeyFile(
    venue=Venue.LIGHTER,
    network="testnet",
    account="5",
    secret=Secret("5a" * 40),
    extras={"account_index": 5, "api_key_index": 3},
)


def test_check_tells_a_lighter_key_by_its_number_since_it_has_no_address(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_key_file(tmp_path / "k", LIGHTER)
    code, told = run(capsys, "check", tmp_path / "k")
    assert (code, "unknown" in told) == (0, False)
    assert "signs for account 5 with API key number 3, not encrypted; it can sign" in told


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"extras": {"account_index": 5}}, 'needs "api_key_index" among the "extras" of the file, a number from 0 on'),
        (
            {"extras": {"account_index": -5, "api_key_index": 3}},
            'among the "extras" of the file is -5;',
        ),
        (
            {"secret": Secret("ab")},
            "which is 40 bytes as hex; make the file anew with `perp2perp keys",
        ),
    ],
)
def test_check_names_the_file_the_field_and_the_remedy(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], changes: dict[str, Any], words: str
) -> None:
    write_key_file(tmp_path / "k", msgspec.structs.replace(LIGHTER, **changes))
    code, told = run(capsys, "check", tmp_path / "k")
    assert code == 2
    assert str(tmp_path / "k") in told
    assert words in told
