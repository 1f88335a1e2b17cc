from __future__ import annotations

import signal
from collections.abc import Awaitable, Callable
from decimal import Decimal
from pathlib import Path

import msgspec
import pytest
import trio

from actors.domain import ZERO, Venue
from actors.pair_position.state import PairPosition
from engine import config as configuration, journal, preparation, runtime
from engine.alarms import Alarm
from engine.config import Config
from engine.determinism import run_virtual
from engine.errors import UserError
from engine.journal.errors import JournalBroken
from engine.preparation import RunRequest
from engine.runtime import Engine
from engine.simulators.levers import lever_named
from engine.venues.registry import make_signer
from engine.world import secret_for

CENT = Decimal("0.01")
SEED = 3


def config(duration: str = "1d") -> Config:
    paper = configuration.load(configuration.DEFAULT_CONFIG)
    return configuration.with_options(paper, seed=SEED, duration=duration)


def prepared(runs: Path, duration: str = "1d") -> Engine:
    return preparation.prepare(RunRequest(config=config(duration), runs=runs))


def run_beside(engine: Engine, beside: Callable[[], Awaitable[None]]) -> None:
    """Run the engine under its virtual clock with another task beside it."""

    async def main() -> None:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(beside)
            await engine.main()
            nursery.cancel_scope.cancel()

    run_virtual(main, SEED, None)


def pairs(engine: Engine) -> list[PairPosition]:
    return [state for state in engine.core.states.values() if isinstance(state, PairPosition)]


async def holding(engine: Engine) -> None:
    """Wait until a pair holds something."""
    while not any(leg.position for pair in pairs(engine) for leg in pair.legs):  # noqa: ASYNC110 - states tell nobody
        await trio.sleep(60)


# --- the books ---------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def ended(tmp_path_factory: pytest.TempPathFactory) -> Engine:
    """A day on four venues, to its end."""
    engine = prepared(tmp_path_factory.mktemp("runs"))
    engine.run()
    engine.finish()
    return engine


def test_at_each_venue_the_equity_changed_by_what_the_books_say(ended: Engine) -> None:
    """Equity at the end less the deposit = funding - fees + price result, from the exchange's own account."""
    assert sum(pair.orders_sent for pair in pairs(ended)) > 0
    for venue, simulated in ended.simulated.items():
        _, account = make_signer(venue, secret_for(venue, SEED))
        legs = [leg for pair in pairs(ended) for leg in pair.legs if leg.venue is venue]
        exchange = simulated.face.exchange
        seen = exchange.account_view(account) or exchange.account_view(account.lower())
        assert seen is not None
        booked = sum(
            (leg.cash_usd + leg.funding_received_usd - leg.funding_paid_usd - leg.fees_usd for leg in legs), ZERO
        )
        assert abs(seen.equity_usd - ended.config.venues[venue].deposit_usd - booked) < CENT, venue
        assert all(not leg.position for leg in legs)
        charged = simulated.face.exchange.fees.taker > 0
        assert (sum((leg.fees_usd for leg in legs), ZERO) > 0) is (charged and bool(legs)), venue


def test_the_report_is_the_books_to_the_cent(ended: Engine) -> None:
    report = msgspec.json.decode((ended.directory / "report.json").read_bytes())
    totals = report["totals"]
    assert totals["net_usd"] == float(sum((pair.net_usd for pair in pairs(ended)), ZERO).quantize(CENT))
    assert totals["funding_usd"] == float(sum((pair.funding_usd for pair in pairs(ended)), ZERO).quantize(CENT))
    assert totals["fees_usd"] == float(sum((pair.fees_usd for pair in pairs(ended)), ZERO).quantize(CENT))
    assert report["final_exposure_usd"] == 0


def test_what_is_naked_was_measured(ended: Engine) -> None:
    traded = [pair for pair in pairs(ended) if pair.orders_sent]
    assert traded
    assert all(pair.naked_ns > 0 and pair.naked_notional_usd_s > 0 for pair in traded)


# --- interrupts --------------------------------------------------------------------------------------------


def test_the_first_interrupt_closes_all_pairs_and_ends_the_run(tmp_path: Path) -> None:
    engine = prepared(tmp_path)

    async def interrupt() -> None:
        await holding(engine)
        signal.raise_signal(signal.SIGINT)

    run_beside(engine, interrupt)
    result = engine.finish()
    assert result.report["reason"] == "SIGINT received"
    assert result.report["market_time_s"] < 86400
    assert result.report["final_exposure_usd"] == 0
    assert all(pair.place.startswith("CLOSED") for pair in pairs(engine))
    assert not {record.row for record in journal.read(engine.directory) if record.to == "engine_lifecycle"} & {"L12"}


def test_a_second_interrupt_pulls_the_kill_switch(tmp_path: Path) -> None:
    engine = prepared(tmp_path)

    async def interrupt() -> None:
        await holding(engine)
        signal.raise_signal(signal.SIGINT)
        await trio.sleep(0.001)
        signal.raise_signal(signal.SIGTERM)

    run_beside(engine, interrupt)
    result = engine.finish()
    assert result.report["reason"] == "SIGTERM received again"
    rows = [record.row for record in journal.read(engine.directory) if record.to == "engine_lifecycle"]
    assert rows.index("L10") < rows.index("L12")
    assert result.report["final_exposure_usd"] == 0


# --- failures ----------------------------------------------------------------------------------------------


def test_a_venue_whose_task_fails_is_told_lost_and_begun_again(tmp_path: Path) -> None:
    engine = prepared(tmp_path, "2h")

    async def sabotage() -> None:
        await trio.sleep(1000)
        face = engine.simulated[Venue.PACIFICA].face
        advance = face.advance

        def broken(now_ns: int) -> None:
            face.advance = advance  # type: ignore[method-assign]
            raise OSError("the world stumbled")

        face.advance = broken  # type: ignore[method-assign]

    run_beside(engine, sabotage)
    result = engine.finish()
    assert result.report["reason"] == "the run's duration is over"
    alarms = {alarm["code"]: alarm for alarm in result.report["alarms"]}
    assert alarms["venue_failed"]["text"] == "pacifica: OSError: the world stumbled; restarting"
    assert all(alarms[code]["resolved"] for code in ("venue_failed", "link_lost")), "the venue came up again"
    (lost,) = [record for record in journal.read(engine.directory) if record.row == "N2"]
    assert alarms["link_lost"]["seq"] == lost.seq
    assert result.report["alarms_total"] == 2
    rows = [record.row for record in journal.read(engine.directory) if record.to == "venue_link/pacifica"]
    assert rows.index("N2") < len(rows) - 1 - rows[::-1].index("N1")


def test_every_library_is_imported_before_the_first_venue_is_asked_anything(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = prepared(tmp_path, "2h")
    order: list[str] = []
    begin_ns = engine._doors.begin_ns

    async def asked() -> int:
        order.append("asked")
        return await begin_ns()

    monkeypatch.setattr(engine._doors, "begin_ns", asked)
    monkeypatch.setattr(runtime, "load", lambda venue: order.append(venue.value))
    engine.run()
    assert order == [*(venue.value for venue in engine.config.policy.scanner.venues), "asked"]


def test_a_venue_that_cannot_be_reached_ends_the_run_for_that_reason(tmp_path: Path) -> None:
    plan = tmp_path / "faults.toml"
    plan.write_text(
        '[[rules]]\nname = "away"\ntraffic = "connect"\nvenue = "pacifica"\nfault = { do = "disconnect" }\n'
    )
    request = RunRequest(config=configuration.with_options(config("2h"), faults=plan), runs=tmp_path / "runs")
    report = preparation.run(request).report
    assert report["reason"] == "not every venue could be reached"
    assert (report["orders"], report["final_exposure_usd"]) == (0, 0)
    assert any(alarm["code"] == "links_missing" and "pacifica" in alarm["text"] for alarm in report["alarms"])


def test_the_run_raises_a_broken_journal_out_of_its_group(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    engine = prepared(tmp_path, "2h")
    engine._journal.abandon()
    with pytest.raises(UserError, match=r"journal\.jsonl"):
        engine.run()


def test_a_programming_error_is_not_dressed_up_as_bad_input(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    engine = prepared(tmp_path, "2h")

    def wrong(_: object) -> None:
        raise ZeroDivisionError("a defect")

    monkeypatch.setattr(engine.tally, "watch", wrong)
    with pytest.raises(BaseExceptionGroup) as group:
        engine.run()
    assert isinstance(runtime.first_of(group.value), ZeroDivisionError)


def test_a_start_that_fails_leaves_no_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise JournalBroken("the disk is full; mend it")

    monkeypatch.setattr(runtime, "JournalWriter", full)
    with pytest.raises(JournalBroken):
        prepared(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_the_view_of_progress_is_shown_while_the_run_goes(tmp_path: Path) -> None:
    seen: list[int] = []
    request = RunRequest(config=config("1d"), runs=tmp_path)
    result = preparation.run(request, lambda view: seen.append(view.seq))
    assert seen == sorted(seen)
    assert seen[0] == 2000
    assert result.final.seq == result.report["messages"]


def test_a_position_that_somebody_else_made_is_named_in_the_report_and_in_an_alarm(tmp_path: Path) -> None:
    told: list[Alarm] = []
    engine = preparation.prepare(RunRequest(config=config("30m"), runs=tmp_path), told=told.append)

    async def meddle() -> None:
        await trio.sleep(600)
        _, account = make_signer(Venue.PACIFICA, secret_for(Venue.PACIFICA, SEED))
        by_hand = lever_named("set_position", account, "DOGE", {"size": "-16701"})
        engine.simulated[Venue.PACIFICA].disturb(by_hand)

    run_beside(engine, meddle)
    result = engine.finish()
    (left,) = result.report["left_open"]
    assert (left["venue"], left["asset"], left["side"], left["size"]) == ("pacifica", "DOGE", "short", "16701")
    assert [alarm.about for alarm in told if alarm.code == "market_disputed"] == ["reconciler/pacifica:DOGE"]
    assert result.report["final_exposure_usd"] > 0
    assert not result.ended_well
