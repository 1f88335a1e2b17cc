from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import get_args

import msgspec
import pytest

from actors.commands import Tell
from actors.domain import Venue
from actors.messages import ActorFaulted, LinkLost, OrderMessage, PairHedged
from actors.roles import ROLES
from engine.audit import explain, reason, render_trace, row_counts, utc, words
from engine.errors import UserError
from engine.journal import read
from engine.trace import trace
from tests.engine.recorded import CHAIN_ORDER, PAIR, START_NS, SmallRun, chain, hedged_run, last_order, record


@pytest.fixture
def run(tmp_path: Path) -> SmallRun:
    run = hedged_run(6)
    record(tmp_path, run.decisions)
    return run


def test_rows_are_counted_by_chart(run: SmallRun, tmp_path: Path) -> None:
    counts = row_counts(tmp_path)
    assert sorted(counts) == sorted(["order", *(role.chart.name for role in ROLES.values())])
    assert counts["venue_link"] == {"N1": 2}
    assert counts["pair_position"]["E1"] == 1
    assert counts["engine_lifecycle"] == {"L1": 1, "ignore:STARTING:PairHedged": 1}
    of_roles = [d for d in run.decisions if d.envelope.to != "board"]
    assert sum(sum(rows.values()) for chart, rows in counts.items() if chart != "order") == len(of_roles)


def test_the_rows_each_order_took_are_counted_too(run: SmallRun, tmp_path: Path) -> None:
    told_to_pairs = [
        d
        for d in run.decisions
        if d.envelope.to.startswith("pair_position/") and isinstance(d.envelope.message, get_args(OrderMessage))
    ]
    rows = row_counts(tmp_path)["order"]
    assert sum(rows.values()) == len(told_to_pairs)
    assert rows["O1"] >= 1


def test_an_order_is_told_with_message_row_reason_commands_and_outcome(run: SmallRun, tmp_path: Path) -> None:
    order_id = last_order(run)
    text = explain(tmp_path, order_id)
    chart = {row.id: row for row in ROLES["pair_position"].chart.rows}
    for told in (
        f"{order_id} in {tmp_path / 'journal.jsonl'}",
        "row      E6: IDLE.taker_in_flight → TAKER_FILLED.maker_in_flight",
        f"— {chart['E6'].why}",
        "command  SubmitOrder",
        f"order {order_id} of {PAIR}, intended at seq",
        "asked    buy 0.500 BTC on pacifica, limit 60000, post_only, for maker",
        "outcome  filled at seq",
        "filled   0.500 at 60000 on average, fees 1.25 USD, 1 fills seen",
    ):
        assert told in text


def test_an_actor_is_told_with_all_its_orders(run: SmallRun, tmp_path: Path) -> None:
    text = explain(tmp_path, PAIR)
    assert "Orders: 2" in text
    assert "more messages were only counted in the books" in text
    assert text.index("E1:") < text.index("E6:") < text.index("M4:")


def test_the_same_journal_is_told_in_the_same_words(run: SmallRun, tmp_path: Path) -> None:
    assert explain(tmp_path, PAIR) == explain(tmp_path, PAIR)


def test_what_led_to_an_order_is_told_before_it(tmp_path: Path) -> None:
    record(tmp_path, chain())
    text = explain(tmp_path, CHAIN_ORDER)
    led, happened = text.index("What led to it"), text.index("What happened")
    assert led < text.index("to engine_lifecycle") < text.index("to risk, sent by seq 1") < happened
    assert happened < text.index(f"to {PAIR}, sent by seq 2")
    assert "outcome  no answer" in text


def test_a_denied_order_says_by_which_rule(tmp_path: Path) -> None:
    run = SmallRun()
    run.open_venues()
    order_id = run.ask_entry("3")
    record(tmp_path, run.decisions)
    text = explain(tmp_path, order_id)
    assert "denied   OrderDenied" in text
    assert "outcome  denied: order_notional_most_usd measured 180001.50, limit 50000" in text


def test_a_subject_nobody_knows_is_answered_in_a_sentence(run: SmallRun, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="nothing is recorded of 'nobody'; name a client order id, a pair"):
        explain(tmp_path, "nobody")


def test_a_pair_may_be_named_as_the_report_names_it(run: SmallRun, tmp_path: Path) -> None:
    assert explain(tmp_path, PAIR.removeprefix("pair_position/")) == explain(tmp_path, PAIR)


def test_what_repeats_itself_is_told_once_and_counted(run: SmallRun, tmp_path: Path) -> None:
    entry = next(record for record in read(tmp_path) if record.to == PAIR)
    again = [
        msgspec.structs.replace(entry, seq=seq, row="H15", source="HEDGED.earning", place="HEDGED.earning")
        for seq in (7, 8, 9)
    ]
    told = render_trace(msgspec.structs.replace(trace(tmp_path, PAIR), entries=tuple(again)))
    assert told.count("H15") == 1
    assert "and the same 2 times more, the last at seq 9" in told


def test_charts_changed_since_are_told(run: SmallRun, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.trace.chart_digests", lambda: {"risk": "0" * 32})
    assert "charts changed since the run, reasons are today's: risk" in explain(tmp_path, PAIR)


def test_every_row_a_run_can_name_has_words() -> None:
    """Rows of the charts, ignored cells, and those that stand in no chart."""
    for name, role in ROLES.items():
        for row in role.chart.rows:
            assert reason(name, row.id).endswith(row.why)
        for place, cells in role.table.items():
            for trigger, cell in cells.items():
                if cell[0].row.startswith("ignore:"):
                    assert reason(name, cell[0].row).startswith(" — "), (name, place, trigger)
    assert reason("board", "noted") == " — folded into the board"
    assert reason(PAIR, "stale_timer") == " — a timer that is no longer armed; set aside"
    assert reason(PAIR, "E999") == " — a row that today's chart does not have"
    assert reason("prophet", "no_such_actor") == " — there is no such actor"


def test_words_leave_out_what_has_its_default() -> None:
    assert words(LinkLost(venue=Venue.DRIFT, reason="cut off")) == "LinkLost venue=drift reason='cut off'"
    told = Tell(to="risk", message=ActorFaulted(error="x"))
    assert words(told) == "Tell to=risk message=(ActorFaulted error=x)"
    assert words(PairHedged(pair="p", size=Decimal("0.500"))) == "PairHedged pair=p size=0.500"


def test_times_are_told_in_utc_to_the_millisecond() -> None:
    assert utc(START_NS + 1_999_999) == "2023-11-14 22:13:20.001Z"
