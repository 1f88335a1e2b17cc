"""What was opened within the hour outlives the process, and is never read as nothing."""

from __future__ import annotations

import hashlib
import os
import stat
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from engine.keys import KeyRefused
from engine.signing.hour_file import STEP_NS, HourFile, HourFileRefused, held, hour_file_path
from engine.signing.law import HOUR_NS, Caps, Opened
from engine.venues.signing import SigningRefused
from tests.engine.keys.samples import HYPERLIQUID, PACIFICA
from tests.engine.signing.asking import caps_for

CAPS = caps_for(PACIFICA)
START_NS = 1_790_000_000_000_000_000


class Wall:
    """A clock that anybody may set."""

    def __init__(self) -> None:
        self.now_ns = START_NS

    def __call__(self) -> int:
        return self.now_ns


@pytest.fixture
def wall() -> Wall:
    return Wall()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return hour_file_path(tmp_path, CAPS)


def opened(usd: Any, age_ns: int = 0) -> Opened:
    return Opened(age_ns=age_ns, usd=Decimal(usd))


def test_what_is_kept_is_found_again_older_by_the_time_that_passed(path: Path, wall: Wall) -> None:
    HourFile(path, CAPS, wall).keep([opened("7.5", 2 * STEP_NS), opened(100)])
    wall.now_ns += 5
    assert HourFile(path, CAPS, wall).opened == (opened("7.5", 2 * STEP_NS + 5), opened(100, 5))


def test_after_an_hour_it_is_forgotten_and_not_before(path: Path, wall: Wall) -> None:
    HourFile(path, CAPS, wall).keep([opened(100)])
    wall.now_ns = START_NS + HOUR_NS - 1
    assert HourFile(path, CAPS, wall).opened == (opened(100, HOUR_NS - 1),)
    wall.now_ns = START_NS + 3 * HOUR_NS
    assert HourFile(path, CAPS, wall).opened == ()


@pytest.mark.parametrize("back_ns", [1, HOUR_NS, 1000 * HOUR_NS])
def test_a_clock_that_went_back_makes_nothing_older(path: Path, wall: Wall, back_ns: int) -> None:
    HourFile(path, CAPS, wall).keep([opened(100, STEP_NS)])
    wall.now_ns -= back_ns
    assert HourFile(path, CAPS, wall).opened == (opened(100, STEP_NS),)
    wall.now_ns += HOUR_NS
    assert HourFile(path, CAPS, wall).opened == (), "and an hour of the new clock is enough"


def test_ages_are_rounded_down_to_minutes_so_that_the_file_stays_small(path: Path, wall: Wall) -> None:
    file = HourFile(path, CAPS, wall)
    file.keep(opened("0.000000000000000001", age_ns) for age_ns in range(0, HOUR_NS, STEP_NS // 60))
    found = HourFile(path, CAPS, wall).opened
    assert len(found) == 60
    assert sum(each.usd for each in found) == Decimal("3600e-18")
    assert {each.age_ns % STEP_NS for each in found} == {0}
    assert path.stat().st_size < 8_000


def test_it_is_the_owner_s_alone_and_replaced_whole(path: Path, wall: Wall) -> None:
    before = os.umask(0)
    try:
        file = HourFile(path, CAPS, wall)
        first = path.stat().st_ino
        file.keep([opened(1)])
    finally:
        os.umask(before)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert path.stat().st_ino != first
    assert sorted(each.name for each in path.parent.iterdir()) == [path.name]


def test_what_a_killed_process_left_half_written_does_not_matter(path: Path, wall: Wall) -> None:
    HourFile(path, CAPS, wall).keep([opened(100)])
    path.with_name(f".{path.name}.new").write_bytes(b"{")
    HourFile(path, CAPS, wall).keep([opened(100), opened(50)])
    assert sum(each.usd for each in HourFile(path, CAPS, wall).opened) == 150


@pytest.mark.parametrize("cut", ["empty", "torn", "one bit", "no digest", "other text"])
def test_a_file_that_cannot_be_trusted_is_refused_with_what_to_do(path: Path, wall: Wall, cut: str) -> None:
    HourFile(path, CAPS, wall).keep([opened(100)])
    data = path.read_bytes()
    flipped = data.replace(b'"100"', b'"000"')
    spoilt = {
        "empty": b"",
        "torn": data[:-9],
        "one bit": flipped,
        "no digest": data.split(b"\n")[0],
        "other text": b"x",
    }
    path.write_bytes(spoilt[cut])
    with pytest.raises(HourFileRefused, match=rf"torn or was changed.* an hour after its last order run: rm {path}"):
        HourFile(path, CAPS, wall)
    assert path.read_bytes() == spoilt[cut], "it is left for whoever looks into it"


def test_a_file_of_another_kind_or_account_is_refused(path: Path, wall: Wall) -> None:
    text = b'{"format":"perp2perp-hour-2"}'
    path.touch(0o600)
    path.write_bytes(text + b"\n" + hashlib.sha256(text).hexdigest().encode() + b"\n")
    with pytest.raises(HourFileRefused, match="is not a file of this kind"):
        HourFile(path, CAPS, wall)
    path.unlink()
    HourFile(path, caps_for(PACIFICA, account="another"), wall)
    with pytest.raises(HourFileRefused, match="is that of pacifica testnet another"):
        HourFile(path, CAPS, wall)


def test_a_file_others_can_write_to_is_refused(path: Path, wall: Wall) -> None:
    HourFile(path, CAPS, wall)
    path.chmod(0o660)
    with pytest.raises(KeyRefused, match="run: chmod 600"):
        HourFile(path, CAPS, wall)


def test_what_cannot_be_kept_is_refused_and_not_tried_again(path: Path, wall: Wall) -> None:
    file = HourFile(path, CAPS, wall)
    in_the_way = path.with_name(f".{path.name}.new")
    in_the_way.mkdir()
    with pytest.raises(SigningRefused, match="cannot be kept in"):
        file.keep([opened(1)])
    in_the_way.rmdir()
    for refused in (file.check, lambda: file.keep([opened(1)])):
        with pytest.raises(SigningRefused, match="until the engine is started anew"):
            refused()


def test_a_place_that_cannot_be_written_is_known_before_anything_is_signed(path: Path, wall: Wall) -> None:
    path.with_name(f".{path.name}.new").mkdir()
    with pytest.raises(HourFileRefused, match="cannot be written"):
        HourFile(path, CAPS, wall)


def test_one_account_has_one_holder(tmp_path: Path) -> None:
    other = caps_for(HYPERLIQUID)
    with held(tmp_path, CAPS), held(tmp_path, other):
        for again in (CAPS, caps_for(PACIFICA, any_market=True)):
            with (
                pytest.raises(HourFileRefused, match="another process signs for this account"),
                held(tmp_path, again, 0),
            ):
                raise AssertionError("it must not be entered")
    with held(tmp_path, CAPS, 0):
        pass


def test_a_lock_that_is_no_file_of_ours_is_refused(tmp_path: Path, path: Path) -> None:
    (tmp_path / "elsewhere").touch()
    path.with_suffix(".lock").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(KeyRefused, match="cannot be made"), held(tmp_path, CAPS, 0):
        raise AssertionError("it must not be entered")


@pytest.mark.parametrize("account", ["", "../x", "a b", "x" * 65])
def test_an_account_that_is_none_names_no_file(tmp_path: Path, account: str) -> None:
    with pytest.raises(KeyRefused, match="not one as venues write them"):
        hour_file_path(tmp_path, caps_for(PACIFICA, account=account))


def test_one_file_serves_an_account_however_it_is_spelt(tmp_path: Path) -> None:
    for account in (HYPERLIQUID.account, "0x" + HYPERLIQUID.account[2:].upper()):
        with held(tmp_path, caps_for(HYPERLIQUID, account=account), 0) as file:
            file.keep([*file.opened, opened(100)])
    with held(tmp_path, caps_for(HYPERLIQUID), 0) as file:
        assert sum(each.usd for each in file.opened) == 200


def test_where_no_money_is_real_another_sum_is_kept(tmp_path: Path) -> None:
    free: Caps = caps_for(PACIFICA, any_market=True)
    assert hour_file_path(tmp_path, free) != hour_file_path(tmp_path, CAPS)
