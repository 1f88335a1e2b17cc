from __future__ import annotations

from pathlib import Path

import pytest

from engine.errors import UserError
from engine.state_directory import state_directory


def test_a_named_directory_is_taken_and_home_is_known(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    assert state_directory("/elsewhere") == Path("/elsewhere")
    assert state_directory("~/mine") == tmp_path / "mine"


@pytest.mark.parametrize(("given", "expected"), [("/state", "/state"), ("state", "~/.local/state"), ("", None)])
def test_without_a_name_it_is_the_systems_place_for_state(
    given: str, expected: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_STATE_HOME", given)
    assert state_directory("") == Path(expected or "~/.local/state").expanduser() / "perp2perp"


def test_a_user_that_does_not_exist_is_refused_with_a_remedy() -> None:
    with pytest.raises(UserError, match=r"run\.state_directory .*name a whole path"):
        state_directory("~nobody-of-that-name/state")
