from __future__ import annotations

import os
import subprocess
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest

from engine import progress as progressing
from engine.alarms import Alarm
from engine.config import ROOT
from engine.progress import Progress, alarm_line, line, progress
from engine.view import EngineView, Tally, build
from tests.engine.recorded import START_NS, hedged_run


def views(count: int) -> list[EngineView]:
    """Views ten seconds of market time apart."""
    run = hedged_run()
    tally = Tally()
    for decision in run.decisions:
        tally.watch(decision)
    first = msgspec.structs.replace(build(run.core, tally), duration_s=100.0)
    begun_ns = first.at_ns
    return [
        msgspec.structs.replace(first, begun_ns=begun_ns, at_ns=begun_ns + n * 10_000_000_000) for n in range(count)
    ]


@pytest.fixture(autouse=True)
def plain(monkeypatch: pytest.MonkeyPatch) -> None:
    """Standard error is no terminal, whatever the surroundings say."""
    for name in ("FORCE_COLOR", "TTY_COMPATIBLE"):
        monkeypatch.delenv(name, raising=False)


def test_without_a_terminal_a_line_comes_now_and_then(capsys: pytest.CaptureFixture[str]) -> None:
    with progress() as show:
        for view in views(50):
            show(view)
    out, err = capsys.readouterr()
    assert out == ""
    (told,) = err.splitlines()
    assert told.split()[0] == "0%"
    assert "BTC HEDGED" in told


def test_the_share_is_of_the_market_time_asked_for(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(progressing, "LINE_EVERY_S", 0.0)
    with progress() as show:
        for view in views(13):
            show(view)
    shares = [told.split()[0] for told in capsys.readouterr().err.splitlines()]
    assert shares == [f"{min(100, 10 * number)}%" for number in range(13)]


def test_on_a_terminal_the_pairs_are_drawn(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "140")
    with progress() as show:
        show(views(1)[0])
    out, err = capsys.readouterr()
    assert out == ""
    assert "BTC-1" in err
    assert "HEDGED" in err


# --- alarms and notes --------------------------------------------------------------------------------------

LONG = "positions cannot be verified; " * 12
UNVERIFIED = Alarm(seq=9, at_ns=START_NS, severity="warning", code="positions_unverified", text=LONG)
OVER = msgspec.structs.replace(UNVERIFIED, resolved_ns=START_NS + 61_000_000_000)


def test_an_alarm_is_told_at_once_with_severity_code_text_and_the_venues_time() -> None:
    assert alarm_line(UNVERIFIED) == f"2023-11-14 22:13:20 warning positions_unverified: {LONG}"
    assert alarm_line(OVER) == (
        f"2023-11-14 22:14:21 resolved positions_unverified: {LONG} (since 2023-11-14 22:13:20)"
    )


def test_without_a_terminal_every_record_is_one_line_however_long(capsys: pytest.CaptureFixture[str]) -> None:
    with progress() as show:
        show.note("left out: " + "XRP, " * 50)
        show.alarm(UNVERIFIED)
        show.alarm(OVER)
        show(msgspec.structs.replace(views(1)[0], pairs=views(1)[0].pairs * 12))
    out, err = capsys.readouterr()
    assert out == ""
    assert len(err.splitlines()) == 4
    assert all(len(told) > 200 for told in err.splitlines())


def test_on_a_terminal_an_alarm_stands_above_the_picture(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "140")
    alarm = msgspec.structs.replace(UNVERIFIED, text="look at both venues")
    with progress() as show:
        show(views(1)[0])
        show.alarm(alarm)
    out, err = capsys.readouterr()
    assert out == ""
    assert "warning positions_unverified: look at both venues" in err
    assert err.rindex("BTC-1") > err.index("look at both venues"), "the picture is drawn again below it"


# --- money -------------------------------------------------------------------------------------------------


def test_the_net_that_is_shown_pays_for_closing_and_says_so() -> None:
    (seen,) = views(1)
    (pair,) = seen.pairs
    pair = msgspec.structs.replace(pair, net_usd=Decimal(30000), net_if_closed_usd=Decimal("-12.5"))
    assert "net if closed now -12.50 USD" in line(msgspec.structs.replace(seen, pairs=(pair,)), 0.5)


def test_what_being_flat_now_costs_stands_beside_it() -> None:
    (seen,) = views(1)
    (pair,) = seen.pairs
    held = msgspec.structs.replace(pair, net_if_closed_usd=Decimal("-12.5"), flat_cost_usd=Decimal("9.5"))
    assert "USD (being flat costs 9.50)" in line(msgspec.structs.replace(seen, pairs=(held,)), 0.5)
    flat = msgspec.structs.replace(pair, net_if_closed_usd=Decimal(3), flat_cost_usd=Decimal(0))
    assert "being flat" not in line(msgspec.structs.replace(seen, pairs=(flat,)), 0.5)


def test_without_a_quote_to_close_at_no_net_is_told() -> None:
    (seen,) = views(1)
    (pair,) = seen.pairs
    booked = {"funding_usd": Decimal(12), "fees_usd": Decimal("4.5"), "net_usd": Decimal(30)}
    pair = msgspec.structs.replace(pair, **booked, net_if_closed_usd=None)
    told = line(msgspec.structs.replace(seen, pairs=(pair,)), 0.5)
    assert "fees 4.50; net not measured (quotes are missing, old, or of two times)" in told
    assert "funding 12.00 USD" in told
    assert "30.00" not in told


# --- a reader that goes away -------------------------------------------------------------------------------


@pytest.mark.parametrize("error", [BrokenPipeError(), OSError(5, "gone"), ValueError("closed"), SystemExit(1)])
def test_a_reader_that_has_gone_is_told_nothing_more_and_costs_nothing(
    error: BaseException,
) -> None:
    tries: list[str] = []

    def gone(text: str, _: str) -> None:
        tries.append(text)
        raise error

    show = Progress(gone)
    show(views(1)[0])
    show.alarm(UNVERIFIED)
    show.note("nobody reads this")
    assert len(tries) == 1


def test_a_run_goes_on_to_its_end_when_nobody_reads_its_progress(tmp_path: Path) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    words = ["run", "--duration", "2h", "--runs", str(tmp_path)]
    command: Any = [sys.executable, "-m", "engine.cli", *words]
    ended = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=writer, text=True, timeout=60, check=False)
    os.close(writer)
    assert ended.returncode == 0
    assert (Path(ended.stdout.splitlines()[-1]) / "report.json").exists()
