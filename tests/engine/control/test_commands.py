"""A whole engine in real time, told from another thread as another process would."""

from __future__ import annotations

import threading
from pathlib import Path

import msgspec
import pytest

from actors.risk.state import RiskState
from engine import config as configuration, preparation
from engine.audit import explain
from engine.cli import main
from engine.control import place
from engine.control.asking import Answer
from engine.errors import UserError
from engine.preparation import RunRequest
from engine.replay import replay

SAID = ("--by", "Ann", "--reason", "news")


def told(run: Path, *words: str) -> int:
    with pytest.raises(SystemExit) as ended:
        main(["tell", str(run), *words, *SAID])
    return int(ended.value.code or 0)


def test_a_running_engine_is_told_by_a_person_and_its_record_says_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    paper = configuration.load(configuration.DEFAULT_CONFIG)
    config = configuration.with_options(paper, duration="1d", assets="BTC", venues="hyperliquid,pacifica")
    engine = preparation.prepare(RunRequest(config=config, runs=tmp_path, speed=5.0))
    codes: list[int] = []

    def person() -> None:
        while not (engine.directory / place.CONTROL / place.SOCKET).exists():
            threading.Event().wait(0.01)
        codes.append(told(engine.directory, "hold"))
        codes.append(told(engine.directory, "limits", "--set", "total_gross_most_usd=50000", "--json"))
        codes.append(told(engine.directory, "limits", "--set", "total_gross_most_usd=200001"))
        codes.append(told(engine.directory, "rearm", "--all"))
        codes.append(told(engine.directory, "close", "BTC-9"))
        codes.append(told(engine.directory, "drain"))

    thread = threading.Thread(target=person)
    thread.start()
    engine.run()
    thread.join()
    engine.finish()
    assert codes == [0, 0, 1, 1, 1, 0], capsys.readouterr()
    out = capsys.readouterr().out.splitlines()
    assert out[0].startswith("accepted (seq ")
    assert msgspec.json.decode(out[1], type=Answer).text.startswith("total_gross_most_usd is 50000 from now on")
    assert out[4] == "refused: pair: no open pair is called BTC-9; open are none"
    risk = engine.core.states["risk"]
    assert isinstance(risk, RiskState)
    assert list(risk.lowered) == ["total_gross_most_usd"]
    assert engine.reason.startswith("news (asked by Ann, ")
    assert replay(engine.directory).identical
    assert "asked by Ann: news" in explain(engine.directory, "risk")
    assert "limit_set" in (engine.directory / "report.json").read_text()
    assert told(engine.directory, "kill") == 2


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("rearm",), "rearm: give --market VENUE:ASSET, or --all"),
        (("rearm", "--market", "hyperliquid:BTC", "--all"), "rearm: give --market"),
        (("hold", "--all"), "--all belongs to rearm"),
        (("limits",), "give --set NAME=VALUE"),
        (("hold", "--wait", "0"), "seconds above zero"),
        (("limits", "--set", "leverage_most"), "the = is missing"),
        (("limits", "--set", "leverage_most=much"), "the value is missing"),
    ],
)
def test_words_that_do_not_fit_are_refused_by_their_option(
    words: tuple[str, ...], said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert told(tmp_path, *words) == 2
    assert said in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "tell hold: say who asks, as in --by Ann"),
        (("--by", " ", "--reason", "news"), "tell hold: say who asks, as in --by Ann"),
        (("--by", "Ann"), "tell hold: say why, as in --reason news"),
    ],
)
def test_a_wish_without_a_name_or_a_reason_is_refused_in_plain_words(
    words: tuple[str, ...], said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["tell", str(tmp_path), "hold", *words])
    assert ended.value.code == 2
    assert said in capsys.readouterr().err


def test_a_paper_run_at_full_speed_cannot_be_told_anything(tmp_path: Path) -> None:
    paper = configuration.load(configuration.DEFAULT_CONFIG)
    config = configuration.with_options(paper, duration="10m", assets="BTC", venues="hyperliquid,pacifica")
    engine = preparation.prepare(RunRequest(config=config, runs=tmp_path))
    engine.run()
    assert not (engine.directory / place.CONTROL).exists()
    assert issubclass(place.Unreachable, UserError)
