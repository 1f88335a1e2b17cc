"""Key files, in the clear and sealed."""

from __future__ import annotations

from pathlib import Path
from typing import NoReturn

import msgspec
import pytest

from actors.domain import Venue
from engine.keys import KeyFile, KeyRefused, Secret, open_key_file, read_key_file, seal, write_key_file
from tests.engine.keys.samples import PACIFICA, PASSWORD


def nobody() -> NoReturn:
    raise AssertionError("no password is needed")


def test_a_key_in_the_clear_is_opened_without_a_password(tmp_path: Path) -> None:
    write_key_file(tmp_path / "k", PACIFICA)
    assert read_key_file(tmp_path / "k") == open_key_file(tmp_path / "k", nobody) == PACIFICA


def test_a_sealed_key_is_read_without_its_password_and_opened_with_it(tmp_path: Path) -> None:
    sealed = seal(PACIFICA, Secret(PASSWORD), "least")
    write_key_file(tmp_path / "k", sealed)
    assert read_key_file(tmp_path / "k") == sealed
    assert open_key_file(tmp_path / "k", lambda: Secret(PASSWORD)) == PACIFICA
    with pytest.raises(KeyRefused, match=rf"^{tmp_path}/k: the password does not open"):
        open_key_file(tmp_path / "k", lambda: Secret("another"))


def test_every_refusal_names_the_file_once(tmp_path: Path) -> None:
    path = tmp_path / "k"
    write_key_file(path, KeyFile(venue=Venue.LIGHTER, network="testnet", account="1", secret=Secret("x")))
    with pytest.raises(KeyRefused) as caught:
        open_key_file(path, nobody)
    assert str(caught.value).count(str(path)) == 1
    path.write_text("{}")
    with pytest.raises(KeyRefused) as caught:
        read_key_file(path)
    assert str(caught.value).count(str(path)) == 1
    path.chmod(0o644)
    with pytest.raises(KeyRefused, match="chmod 600"):
        read_key_file(path)


def test_a_key_is_written_only_in_a_file_of_its_own(tmp_path: Path) -> None:
    write_key_file(tmp_path / "k", PACIFICA)
    with pytest.raises(KeyRefused, match="is there already"):
        write_key_file(tmp_path / "k", msgspec.structs.replace(PACIFICA, account="other"))
    assert (tmp_path / "k").stat().st_mode & 0o777 == 0o600
