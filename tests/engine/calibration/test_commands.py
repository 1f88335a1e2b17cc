"""What is measured is in the other files here; these are the commands as a person calls them."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine import cli


def called(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, str]:
    with pytest.raises(SystemExit) as ended:
        cli.main([str(each) for each in arguments])
    assert isinstance(ended.value.code, int)
    captured = capsys.readouterr()
    return ended.value.code, captured.out + captured.err


@pytest.mark.parametrize("command", ["calibrate", "calibrate-adl"])
def test_a_directory_without_recordings_is_refused_in_one_sentence(
    command: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, told = called(capsys, command, "--data", tmp_path)
    assert code == 2
    assert (told.count("\n"), str(tmp_path) in told) == (1, True)
    assert told.startswith("perp2perp: ")
