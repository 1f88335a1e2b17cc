from __future__ import annotations

import io
import json
import sys
from pathlib import Path

import pytest

from engine import cli
from engine.config import DEFAULT_CONFIG

CONFIGS = DEFAULT_CONFIG.parent
SANDBOX = CONFIGS / "sandbox.toml"


def called(capsys: pytest.CaptureFixture[str], *arguments: str | Path) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as ended:
        cli.main([str(each) for each in arguments])
    assert isinstance(ended.value.code, int)
    said = capsys.readouterr()
    return ended.value.code, said.out, said.err


@pytest.fixture
def nobody(tmp_path: Path) -> Path:
    """The sandbox's profile, with addresses nobody listens at."""
    text = SANDBOX.read_text()
    for number in range(1, 5):
        text = text.replace(f"127.0.0.1:870{number}", f"127.0.0.1:{number}")
    file = tmp_path / "sandbox.toml"
    file.write_text(text.replace('runs_directory = "runs"', f'runs_directory = "{tmp_path}/runs"'))
    return file


@pytest.mark.parametrize("command", ["flatten", "positions"])
@pytest.mark.parametrize("mode", ["live", "shadow"])
def test_what_cannot_run_yet_is_refused_with_the_words_of_run(
    command: str, mode: str, capsys: pytest.CaptureFixture[str]
) -> None:
    profile = CONFIGS / f"{mode}.toml"
    options = ["--all"] if command == "flatten" else []
    refused = called(capsys, command, "--config", profile, *options)
    assert refused == called(capsys, "run", "--config", profile)
    assert refused[0] == 2


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ([], "say what is to be closed"),
        (["--all", "--pair", "lighter:ETH"], "say what is to be closed"),
        (["--pair", "lighter:ETHH"], "the profile has no such market"),
        (["--run", "somewhere", "--all"], "say what is to be closed"),
    ],
)
def test_what_is_to_be_closed_is_said_plainly(
    options: list[str], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    code, _, err = called(capsys, "flatten", "--config", SANDBOX, *options)
    assert code == 2
    assert told in err


def test_a_paper_profile_has_nothing_to_close(capsys: pytest.CaptureFixture[str]) -> None:
    code, _, err = called(capsys, "flatten", "--config", DEFAULT_CONFIG, "--all")
    assert code == 2
    assert "end with it" in err


class _Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(("answer", "code"), [("no\n", 2), ("", 2), ("yes\n", 1)])
def test_a_person_at_a_terminal_is_asked_and_anything_but_yes_is_no(
    answer: str, code: int, nobody: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "stdin", _Terminal(answer))
    found, _, err = called(capsys, "flatten", "--config", nobody, "--pair", "lighter:ETH")
    assert found == code
    assert "all our positions on lighter (ETH)." in err
    assert ("nothing was done" in err) == (code == 2)


@pytest.mark.parametrize("what", [["--all"], ["--pair", "lighter:ETH"]])
def test_without_a_terminal_nothing_is_closed_unless_yes_is_said(
    what: list[str], nobody: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("yes\n"))
    code, _, err = called(capsys, "flatten", "--config", nobody, "--to", tmp_path / "done", *what)
    assert (code, (tmp_path / "done").exists()) == (2, False)
    for word in ("--yes", "--dry-run", "nothing was done"):
        assert word in err


@pytest.mark.parametrize("option", ["--yes", "--dry-run"])
def test_a_person_who_said_so_is_not_asked(
    option: str, nobody: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "stdin", _Terminal("no\n"))
    code, _, err = called(capsys, "flatten", "--config", nobody, "--pair", "lighter:ETH", option)
    assert code == 1
    assert "Type yes" not in err


def test_venues_that_are_not_there_are_named_and_the_exit_says_so(
    nobody: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, err = called(capsys, "flatten", "--config", nobody, "--all", "--yes", "--to", tmp_path / "done")
    assert code == 1
    for venue in ("hyperliquid", "pacifica", "lighter", "drift"):
        assert f"{venue} was not seen to the end" in out
        assert f"{venue}: http://127.0.0.1" in err
    assert out.strip().splitlines()[-1] == str(tmp_path / "done")
    assert sorted(path.name for path in (tmp_path / "done").iterdir()) == ["flatten.jsonl", "flatten.md"]


def test_programs_get_one_line_of_json(nobody: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = called(capsys, "flatten", "--config", nobody, "--pair", "lighter:ETH", "--dry-run", "--json")
    told = json.loads(out)
    assert (code, told["all_flat"], told["rows"][0]["asset"]) == (1, False, "ETH")
    code, out, _ = called(capsys, "positions", "--config", nobody, "--json")
    told = json.loads(out)
    assert code == 1
    assert [account["equity_usd"] for account in told["accounts"]] == [None] * 4
