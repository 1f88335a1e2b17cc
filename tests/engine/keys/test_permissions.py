"""Only files of this user's, that nobody else can read or replace."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.keys import KeyRefused
from engine.keys.permissions import SIZE_MOST, read_private, write_private


@pytest.fixture
def file(tmp_path: Path) -> Path:
    tmp_path.chmod(0o700)
    path = tmp_path / "a key"
    write_private(path, b"x")
    return path


@pytest.fixture
def wide_open() -> Iterator[None]:
    before = os.umask(0)
    yield
    os.umask(before)


@pytest.fixture
def closed() -> Iterator[None]:
    before = os.umask(0o777)
    yield
    os.umask(before)


def test_what_is_written_can_be_read(file: Path) -> None:
    assert read_private(file) == b"x"
    assert [path.name for path in file.parent.iterdir()] == ["a key"]


@pytest.mark.usefixtures("wide_open")
def test_a_wide_open_umask_does_not_show_a_key(tmp_path: Path) -> None:
    write_private(tmp_path / "k", b"x")
    assert stat.S_IMODE((tmp_path / "k").stat().st_mode) == 0o600


@pytest.mark.usefixtures("closed")
def test_a_closed_umask_does_not_make_a_key_unreadable(tmp_path: Path) -> None:
    write_private(tmp_path / "k", b"x")
    assert stat.S_IMODE((tmp_path / "k").stat().st_mode) == 0o600


def test_a_file_that_is_there_is_not_written_over(file: Path) -> None:
    with pytest.raises(KeyRefused, match="is there already"):
        write_private(file, b"y")
    assert read_private(file) == b"x"
    assert [path.name for path in file.parent.iterdir()] == ["a key"]


def test_a_link_to_nothing_is_not_written_through(file: Path) -> None:
    link = file.with_name("link")
    link.symlink_to(file.with_name("elsewhere"))
    with pytest.raises(KeyRefused, match="is there already"):
        write_private(link, b"y")
    assert not file.with_name("elsewhere").exists()


@pytest.mark.parametrize("mode", [0o604, 0o640, 0o620, 0o602, 0o644, 0o666, 0o700, 0o4600])
def test_a_file_that_others_can_get_at_is_refused_with_the_remedy(file: Path, mode: int) -> None:
    file.chmod(mode)
    with pytest.raises(KeyRefused, match=rf"mode {mode:04o} .*run: chmod 600 '.*a key'"):
        read_private(file)


@pytest.mark.parametrize("mode", [0o600, 0o400])
def test_a_stricter_mode_is_good(file: Path, mode: int) -> None:
    file.chmod(mode)
    assert read_private(file) == b"x"


def test_a_symbolic_link_is_refused(file: Path) -> None:
    link = file.with_name("link")
    link.symlink_to(file)
    with pytest.raises(KeyRefused, match="symbolic link"):
        read_private(link)


def test_what_is_no_regular_file_is_refused_and_does_not_hang(file: Path) -> None:
    os.mkfifo(file.with_name("pipe"), 0o600)
    file.with_name("folder").mkdir(0o700)
    for name in ("pipe", "folder"):
        with pytest.raises(KeyRefused, match="not a regular file"):
            read_private(file.with_name(name))


@pytest.mark.parametrize("mode", [0o770, 0o707, 0o720])
def test_a_folder_that_others_can_write_to_is_refused_with_the_remedy(file: Path, mode: int) -> None:
    file.parent.chmod(mode)
    for attempt in (lambda: read_private(file), lambda: write_private(file.with_name("other"), b"")):
        with pytest.raises(KeyRefused, match="others can write to it; run: chmod go-w"):
            attempt()


def test_everybodys_folder_is_refused_without_advice_to_close_it_for_the_others(file: Path) -> None:
    file.parent.chmod(0o1777)
    with pytest.raises(KeyRefused, match="keep keys in a folder of your own") as refused:
        read_private(file)
    assert "chmod" not in str(refused.value)


def test_a_folder_further_up_counts_too_unless_it_is_like_tmp(tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    folder.mkdir(0o700)
    write_private(folder / "k", b"x")
    tmp_path.chmod(0o1777)
    assert read_private(folder / "k") == b"x"
    tmp_path.chmod(0o777)
    with pytest.raises(KeyRefused, match="others can write"):
        read_private(folder / "k")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_a_file_of_somebody_elses_is_refused(file: Path) -> None:
    os.chown(file, 12345, -1)
    with pytest.raises(KeyRefused, match="belongs to user 12345; run: chown"):
        read_private(file)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder away")
def test_a_folder_of_somebody_elses_is_refused(file: Path) -> None:
    os.chown(file.parent, 12345, -1)
    with pytest.raises(KeyRefused, match="belongs to user 12345; keep keys"):
        read_private(file)


def test_what_is_not_there_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(KeyRefused, match="No such file"):
        read_private(tmp_path / "nothing")
    with pytest.raises(KeyRefused, match="its folder is not there"):
        read_private(tmp_path / "no" / "thing")


def test_a_file_too_long_to_be_a_key_is_refused(tmp_path: Path) -> None:
    write_private(tmp_path / "k", b"x" * SIZE_MOST)
    assert len(read_private(tmp_path / "k")) == SIZE_MOST
    write_private(tmp_path / "l", b"x" * (SIZE_MOST + 1))
    with pytest.raises(KeyRefused, match="longer than"):
        read_private(tmp_path / "l")
