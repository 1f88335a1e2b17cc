from __future__ import annotations

import msgspec
import pytest

from engine import config as configuration, progress as progressing
from engine.progress import progress
from engine.view import EngineView, Tally, build
from tests.engine.recorded import hedged_run

PAPER = configuration.with_options(configuration.load(configuration.DEFAULT_CONFIG), duration="100s")


def views(count: int) -> list[EngineView]:
    """Views ten seconds of market time apart."""
    run = hedged_run()
    tally = Tally()
    for decision in run.decisions:
        tally.watch(decision)
    first = build(run.core, tally)
    return [msgspec.structs.replace(first, at_ns=first.at_ns + n * 10_000_000_000) for n in range(count)]


@pytest.fixture(autouse=True)
def plain(monkeypatch: pytest.MonkeyPatch) -> None:
    """Standard error is no terminal, whatever the surroundings say."""
    for name in ("FORCE_COLOR", "TTY_COMPATIBLE"):
        monkeypatch.delenv(name, raising=False)


def test_without_a_terminal_a_line_comes_now_and_then(capsys: pytest.CaptureFixture[str]) -> None:
    with progress(PAPER) as show:
        for view in views(50):
            show(view)
    out, err = capsys.readouterr()
    assert out == ""
    (line,) = err.splitlines()
    assert line.split()[0] == "0%"
    assert "BTC HEDGED" in line


def test_the_share_is_of_the_market_time_asked_for(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(progressing, "LINE_EVERY_S", 0.0)
    with progress(PAPER) as show:
        for view in views(13):
            show(view)
    shares = [line.split()[0] for line in capsys.readouterr().err.splitlines()]
    assert shares == [f"{min(100, 10 * number)}%" for number in range(13)]


def test_on_a_terminal_the_pairs_are_drawn(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "140")
    with progress(PAPER) as show:
        show(views(1)[0])
    out, err = capsys.readouterr()
    assert out == ""
    assert "BTC-1" in err
    assert "HEDGED" in err
