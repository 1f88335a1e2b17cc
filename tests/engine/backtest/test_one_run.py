"""One engine run on a history: it trades, its books explain its equity, and no decision depends on what comes later."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import msgspec
import pytest

from engine.backtest.command import job_of
from engine.backtest.grid import ParameterSet
from engine.backtest.one_run import SAMPLED_AT_NS, Outcome, PairOutcome, failure, run_job
from engine.errors import UserError
from engine.replay import replay
from engine.simulators.market.table import HOUR_NS
from tests.engine.backtest.histories import BEGIN_NS, HIGH, HOURS, LOW, asked, price, stamp, write

CUT_H = 30


def made(folder: Path, data: Path, **changes: object) -> tuple[Outcome, Path]:
    """A run on that data, its journal kept, and its directory."""
    request = asked(data, out=folder, **changes)
    job = job_of(request, "run", request.sets[0], request.span, keep=True)
    return run_job(job, lambda _: None), job.directory


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> tuple[Outcome, Path]:
    folder = tmp_path_factory.mktemp("whole")
    return made(folder, write(folder / "data"))


def owed(pair: PairOutcome) -> Decimal:
    """What the history pays a pair short on the one venue and long on the other, hour by hour, by hand."""
    first, last = (at_ns // HOUR_NS for at_ns in (pair.entered_ns, pair.entered_ns + int(pair.held_h * HOUR_NS)))
    hours = [at - BEGIN_NS // HOUR_NS for at in range(first + 1, last + 1)]
    units = pair.traded / 4 / Decimal(str(price(hours[0] - 1)))
    rates = [Decimal(str(HIGH)) - (Decimal(str(LOW)) * 8 if hour % 8 == 0 else 0) for hour in hours]
    return sum((units * Decimal(str(price(hour))) * rate for hour, rate in zip(hours, rates, strict=True)), Decimal(0))


def records_until(run: Path, at_ns: int) -> list[bytes]:
    """The journal's lines, the header too, up to the first that was decided at that time or later."""
    lines = (run / "journal.jsonl").read_bytes().splitlines()
    kept = lines[:1]
    for line in lines[1:]:
        if msgspec.json.decode(line).get("at_ns", at_ns) >= at_ns:
            break
        kept.append(line)
    return kept


def test_the_engine_earns_what_the_history_paid(whole: tuple[Outcome, Path]) -> None:
    outcome, _ = whole
    (pair,) = outcome.pairs
    assert (pair.asset, pair.short, pair.long) == ("BTC", "hyperliquid", "pacifica")
    assert outcome.ended_well
    assert pair.funding > 50, "two days of 1.6 bps an hour on 10 000 USD, the first hours observed only"
    assert abs(pair.funding - owed(pair)) < owed(pair) / 1000, "what the files say was paid while it was held"
    assert pair.fees > 0
    assert outcome.unexplained == 0
    assert abs(outcome.net - pair.net) < Decimal("0.02")


def test_a_sample_an_hour_ends_at_the_outcome(whole: tuple[Outcome, Path]) -> None:
    outcome, _ = whole
    assert len(outcome.samples) in (HOURS - 1, HOURS)
    assert {sample.at_ns % HOUR_NS for sample in outcome.samples} == {SAMPLED_AT_NS}
    last = outcome.samples[-1]
    assert abs(last.funding - outcome.pairs[0].funding) < 2
    assert max(sample.exposure for sample in outcome.samples) > 15_000
    assert outcome.samples[0].pairs == 0


def test_its_journal_replays_to_the_same_decisions(whole: tuple[Outcome, Path]) -> None:
    assert replay(whole[1]).identical


@pytest.mark.parametrize("future", ["missing", "another"])
def test_every_decision_before_an_instant_is_the_same_byte_for_byte_whatever_comes_after_it(
    whole: tuple[Outcome, Path], tmp_path: Path, future: str
) -> None:
    """No look-ahead: the rest of the recording is cut off, or replaced by other prices and rates."""
    data = tmp_path / "data"
    data = write(data, hours=CUT_H) if future == "missing" else write(data, tilt=1.2, from_hour=CUT_H)
    _, run = made(tmp_path, data)
    cut_ns = BEGIN_NS + CUT_H * HOUR_NS
    before = records_until(whole[1], cut_ns)
    assert len(before) > 200
    assert records_until(run, cut_ns) == before
    end_ns = BEGIN_NS + HOURS * HOUR_NS
    assert records_until(run, end_ns) != records_until(whole[1], end_ns), "the futures differ"


def test_the_same_run_twice_is_the_same_journal(whole: tuple[Outcome, Path], tmp_path: Path) -> None:
    again, run = made(tmp_path, write(tmp_path / "data"))
    assert again == whole[0]
    assert (run / "journal.jsonl").read_bytes() == (whole[1] / "journal.jsonl").read_bytes()


def test_a_sets_values_are_the_engines(tmp_path: Path) -> None:
    request = asked(write(tmp_path / "data", hours=24), last="2025-10-02")
    job = job_of(request, "dear", ParameterSet(name="dear", changes={"scanner.net_least_bps": "9999"}), request.span)
    outcome = run_job(job, lambda _: None)
    assert outcome.pairs == []
    assert not job.directory.exists(), "a journal is kept only when asked for"


def test_a_history_without_the_asset_is_refused_by_name(tmp_path: Path) -> None:
    request = asked(write(tmp_path / "data"), assets="SOL")
    with pytest.raises(UserError, match="SOL left out"):
        run_job(job_of(request, "x", request.sets[0], request.span), lambda _: None)


def test_a_failure_has_the_name_and_the_reason(tmp_path: Path) -> None:
    request = asked(write(tmp_path / "data"))
    job = job_of(request, "x", request.sets[0], request.span)
    assert (failure(job, "why").name, failure(job, "why").failed) == ("x", "why")


def test_nothing_is_opened_in_an_hour_that_was_not_recorded(tmp_path: Path) -> None:
    """By the seventh hour there is enough history; it and the next are missing, and the entry waits for them."""
    data = write(tmp_path / "data", hours=24)
    entered = []
    for missing in ((), (7, 8)):
        path = data / "candles_1h.csv"
        path.write_text("\n".join(line for line in path.read_text().splitlines() if not _of(line, missing)) + "\n")
        outcome, _ = made(tmp_path / str(len(missing)), data, last="2025-10-02")
        entered.append((outcome.pairs[0].entered_ns - BEGIN_NS) // HOUR_NS)
    assert entered == [7, 9]


def test_an_engine_whose_first_hours_are_not_recorded_scans_in_the_middle_of_hours_all_the_same(tmp_path: Path) -> None:
    """At whole hours every price it sees is an hour old: it would open nothing for ever."""
    data = write(tmp_path / "data")
    path = data / "candles_1h.csv"
    path.write_text("\n".join(line for line in path.read_text().splitlines() if not _of(line, (0, 1, 2))) + "\n")
    outcome, run = made(tmp_path, data)
    assert outcome.ended_well
    assert (outcome.pairs[0].entered_ns % HOUR_NS) // 60_000_000_000 == 30
    end_ns = msgspec.json.decode((run / "journal.jsonl").read_bytes().splitlines()[-2])["at_ns"]
    assert end_ns < BEGIN_NS + HOURS * HOUR_NS, "it ends with the recording"


def _of(line: str, hours: tuple[int, ...]) -> bool:
    return any(line.startswith(stamp(hour)) for hour in hours)
