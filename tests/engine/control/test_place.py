from __future__ import annotations

import socket
import stat
from pathlib import Path

import pytest

from engine.control import place
from engine.control.place import Unreachable


def test_the_directory_and_its_socket_are_their_owner_s_alone(tmp_path: Path) -> None:
    place.made(tmp_path)
    with place.opened(tmp_path) as directory, place.bound(tmp_path, directory):
        found = [(tmp_path / place.CONTROL), (tmp_path / place.CONTROL / place.SOCKET)]
        assert [stat.S_IMODE(path.stat().st_mode) for path in found] == [0o700, 0o600]


def test_a_directory_that_others_may_reach_is_refused(tmp_path: Path) -> None:
    place.made(tmp_path)
    (tmp_path / place.CONTROL).chmod(0o750)
    with pytest.raises(Unreachable, match="others may reach it"), place.opened(tmp_path):
        pass


def test_a_link_to_a_directory_is_refused(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir(mode=0o700)
    (tmp_path / place.CONTROL).symlink_to(tmp_path / "elsewhere")
    with pytest.raises(Unreachable, match="has to be a directory of yours"), place.opened(tmp_path):
        pass


def test_a_run_that_nobody_listens_in_says_what_to_do_instead(tmp_path: Path) -> None:
    with pytest.raises(Unreachable, match="at full speed cannot be told"), place.opened(tmp_path):
        pass


def test_what_a_dead_engine_left_behind_makes_room_for_the_next(tmp_path: Path) -> None:
    place.made(tmp_path)
    with place.opened(tmp_path) as directory:
        place.bound(tmp_path, directory).close()
        with place.bound(tmp_path, directory), socket.socket(socket.AF_UNIX) as caller:
            caller.connect(place.address(tmp_path, directory))
            assert place.is_owner(caller)
        place.removed(directory)
        place.removed(directory)
    assert not (tmp_path / place.CONTROL / place.SOCKET).exists()


def test_a_run_s_path_may_be_longer_than_a_socket_s_name(tmp_path: Path) -> None:
    run = tmp_path.joinpath(*["a" * 60] * 4)
    run.mkdir(parents=True)
    place.made(run)
    with place.opened(run) as directory, place.bound(run, directory):
        assert (run / place.CONTROL / place.SOCKET).exists()


class Stranger:
    """A connection whose other end is another user's, as the system would say."""

    def getsockopt(self, level: int, option: int, size: int, /) -> bytes:
        assert (level, option) == (socket.SOL_SOCKET, socket.SO_PEERCRED)
        return (1).to_bytes(4, "little") + (2**31 - 1).to_bytes(4, "little") + bytes(size - 8)


def test_another_user_is_not_heard() -> None:
    assert not place.is_owner(Stranger())
