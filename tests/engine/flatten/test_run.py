from __future__ import annotations

import os
import signal
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import msgspec
import pytest
import trio

from engine.flatten import run as running
from engine.flatten.record import NAME, PAGE, Line, Record
from engine.flatten.run import FlattenRequest, Notebook, concluded, say, work_through, works_of
from engine.flatten.scope import everything
from tests.engine.flatten.theatre import ASSET, HYPERLIQUID, PACIFICA, Theatre, play

DECIDERS = (
    *("engine.core", "engine.sequencer", "engine.runtime", "engine.recovery", "engine.replay", "engine.executor"),
    *("actors.roles", "actors.pair_position", "actors.risk", "actors.funding_scanner", "actors.engine_lifecycle"),
    *("statecharts.catalog", "statecharts.pair_position", "statecharts.order", "transitions"),
)
"""What may be the very reason for a flattening: it must not be needed to begin one."""


def test_nothing_that_decides_in_the_engine_is_even_imported() -> None:
    """Nor on the way to adapters, keys and records: a broken chart must not stop the last resort."""
    script = (
        "import sys; import engine.cli, engine.config, engine.flatten.run, engine.flatten.positions\n"
        "for name in ('hyperliquid', 'pacifica', 'lighter', 'drift'): __import__(f'engine.venues.{name}.adapter')\n"
        "from pathlib import Path\n"
        "from engine.config import load\n"
        "from engine.flatten.scope import everything\n"
        "assert everything(load(Path('config/sandbox.toml'))).markets\n"
        "print(*sys.modules)"
    )
    root = Path(running.__file__).resolve().parents[2]
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=root)
    loaded = done.stdout.split()
    assert "engine.flatten.venue" in loaded
    assert [name for name in loaded if name in DECIDERS] == []


def request_of(theatre: Theatre) -> FlattenRequest:
    return FlattenRequest(config=theatre.config, scope=everything(theatre.config))


def test_what_was_done_is_recorded_and_its_page_lies_beside(tmp_path: Path) -> None:
    async def main() -> None:
        theatre = Theatre((HYPERLIQUID, PACIFICA))
        theatre.hold({(HYPERLIQUID, ASSET): "-1", (PACIFICA, ASSET): "1"})
        record = Record(tmp_path / "done", (), pytest.fail, fsync=False)
        request = request_of(theatre)
        works = works_of(request, theatre, Notebook(record, theatre.said.append), 1.0)
        async with theatre.world():
            await work_through(works)
        outcome = concluded(request, works, record, ("an engine ran",))
        assert outcome.all_flat
        assert outcome.directory == str(tmp_path / "done")

    play(main)
    lines = [msgspec.json.decode(line, type=Line) for line in (tmp_path / "done" / NAME).read_bytes().splitlines()]
    kinds = [line.what for line in lines]
    assert kinds.count("intent") == kinds.count("outcome") == 2
    for line in lines:
        if line.what == "outcome":
            assert lines.index(line) > next(
                number for number, each in enumerate(lines) if each.order and each.order.order_id == line.order_id
            )
    assert lines[-1].what == "over"
    assert all(line.at_ns for line in lines)
    page = (tmp_path / "done" / PAGE).read_text()
    assert page.startswith("# all flat: 2 markets")
    assert "- an engine ran" in page


def test_an_interrupt_ends_it_and_what_is_left_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    async def main() -> None:
        theatre = Theatre((HYPERLIQUID, PACIFICA))
        theatre.hold({(HYPERLIQUID, ASSET): "-1", (PACIFICA, ASSET): "1"})
        request = request_of(theatre)
        works = works_of(request, theatre, theatre, 1.0)

        async def interrupt() -> None:
            await trio.sleep(0.5)
            os.kill(os.getpid(), signal.SIGINT)

        async with theatre.world(), trio.open_nursery() as nursery:
            nursery.start_soon(interrupt)
            await work_through(works)
        outcome = concluded(request, works, None)
        assert not outcome.all_flat
        assert outcome.troubles == {HYPERLIQUID: "interrupted", PACIFICA: "interrupted"}
        assert (theatre.truth(HYPERLIQUID), theatre.truth(PACIFICA)) == (Decimal(-1), Decimal(1))

    play(main)
    assert "SIGINT: stopped; what is left is told" in capsys.readouterr().err


def test_two_flattenings_never_share_an_order_id() -> None:
    async def main() -> None:
        theatre = Theatre((PACIFICA,))
        for _ in range(2):
            theatre.hold({(PACIFICA, ASSET): "1"})
            outcome, _ = await theatre.flatten()
            assert outcome.all_flat
        ids = [line.order.order_id for line in theatre.lines if line.order is not None]
        assert len(ids) == len(dict.fromkeys(ids)) == 2

    play(main)


def test_a_terminal_that_has_gone_costs_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    class Gone:
        def write(self, _: str) -> int:
            raise BrokenPipeError

        def flush(self) -> None:
            raise BrokenPipeError

    monkeypatch.setattr(sys, "stderr", Gone())
    say("anybody there?")
