from __future__ import annotations

import os
import signal

import msgspec
import pytest
from rich.console import Console

from actors.gates import Candidate, Gate
from engine import config as configuration, scanning
from engine.errors import UserError

CONFIG = configuration.with_options(
    configuration.load(configuration.DEFAULT_CONFIG),
    seed=3,
    duration="8h",
    assets="BTC,HYPE,XRP",
    venues="hyperliquid,pacifica",
)


SAID: list[str] = []


@pytest.fixture(scope="module")
def found() -> tuple[Candidate, ...]:
    return scanning.observe(CONFIG, SAID.append)


def test_what_is_left_out_is_said(found: tuple[Candidate, ...]) -> None:
    assert SAID == ["the market has no XRP: left out"]
    assert "XRP" not in [candidate.asset for candidate in found]


def test_every_asset_is_judged_and_the_best_per_capital_stands_first(found: tuple[Candidate, ...]) -> None:
    assert sorted({candidate.asset for candidate in found}) == ["BTC", "HYPE"]
    returns = [candidate.return_on_capital for candidate in found]
    assert returns == sorted(returns, reverse=True)


def test_a_refusal_says_what_was_measured_and_what_was_needed(found: tuple[Candidate, ...]) -> None:
    refused = [row for row in scanning.as_data(found) if not row["passed"]]
    passed = [row for row in scanning.as_data(found) if row["passed"]]
    assert refused or passed
    for row in (*refused, *passed):
        failing = [gate for gate in row["gates"] if not gate["passed"]]
        assert bool(failing) is not row["passed"]
        assert all(gate["measured"] and gate["needed"] for gate in row["gates"])


def test_that_the_observing_engine_has_ended_is_no_refusal(found: tuple[Candidate, ...]) -> None:
    assert "openings_allowed" not in [gate.name for candidate in found for gate in candidate.refusals]


def test_the_short_leg_is_where_funding_is_higher(found: tuple[Candidate, ...]) -> None:
    for row in scanning.as_data(found):
        assert {row["short"], row["long"]} == {"hyperliquid", "pacifica"}
        assert row["rate_per_hour"] >= 0
        assert row["apr"] == row["rate_per_hour"] * 8760


def test_the_data_name_every_limit_of_the_size_and_the_one_that_binds(found: tuple[Candidate, ...]) -> None:
    for row in scanning.as_data(found):
        assert row["bounds"][row["bound"]] == min(row["bounds"].values())
        assert row["size"] <= row["bounds"][row["bound"]]
        assert {"depth:hyperliquid", "margin:pacifica", "total_cap", "target"} <= set(row["bounds"])


def unmeasured(found: tuple[Candidate, ...]) -> tuple[Candidate, ...]:
    """The first of them, judged by marks of two times."""
    return (msgspec.structs.replace(found[0], compared=False),)


def test_what_rests_on_marks_of_two_times_is_not_measured_rather_than_a_number(found: tuple[Candidate, ...]) -> None:
    (row,) = scanning.as_data(unmeasured(found))
    (measured, *_) = scanning.as_data(found)
    outcome = ("cost_bps", "break_even_h", "expected_net_usd", "return_on_capital", "return_on_capital_apr")
    assert [row[name] for name in outcome] == [None] * len(outcome)
    assert row["expectation"]["basis_usd"] is None
    assert None not in [measured[name] for name in ("cost_bps", "expected_net_usd", "return_on_capital")]
    assert row["rate_per_hour"] == measured["rate_per_hour"]
    for width in (80, 200):
        assert drawn(unmeasured(found), width).count("not measured") >= 4
        assert "not measured" not in drawn(found, width)


def test_returns_are_simple_yearly_ones(found: tuple[Candidate, ...]) -> None:
    (row, *_) = scanning.as_data(found)
    assert row["return_on_capital"] == found[0].expectation.net_usd / found[0].expectation.capital_usd
    assert row["return_on_capital_apr"] == row["return_on_capital"] * 8760 / 72


REFUSED = Gate(name="links", passed=False, measured="down: pacifica", needed="both up")


def drawn(found: tuple[Candidate, ...], width: int) -> str:
    console = Console(width=width)
    with console.capture() as captured:
        console.print(scanning.Ranking(found))
    return captured.get()


def test_a_wide_terminal_gets_a_line_for_each_candidate_and_a_table_of_refusals(found: tuple[Candidate, ...]) -> None:
    worst = msgspec.structs.replace(found[0], gates=(REFUSED, REFUSED))
    text = drawn((found[1], worst), 200)
    assert text.count("│ hyperliquid") + text.count("│ pacifica") >= 4
    assert "refused by 2" in text
    assert text.count("down: pacifica") == 2
    assert text.count(f"{worst.asset} short {worst.short_venue.value}") == 1


def test_a_narrow_terminal_gets_a_list(found: tuple[Candidate, ...]) -> None:
    refused = msgspec.structs.replace(found[0], gates=(REFUSED,))
    text = drawn((refused,), 80)
    assert "│" not in text
    assert "  - links: down: pacifica, needed both up" in text
    assert f"size bound by {refused.bound}" in text
    assert max(map(len, text.splitlines())) <= 80


def test_where_all_pass_there_is_no_table_of_refusals(found: tuple[Candidate, ...]) -> None:
    passed = msgspec.structs.replace(found[0], gates=())
    assert "Refused by" not in drawn((passed,), 200)


# --- watching ------------------------------------------------------------------------------------------------


def test_a_watch_draws_again_as_the_market_goes_on_until_it_is_interrupted() -> None:
    pictures: list[tuple[Candidate, ...]] = []

    def draw(found: tuple[Candidate, ...]) -> None:
        pictures.append(found)
        if len(pictures) == 2:
            os.kill(os.getpid(), signal.SIGINT)

    endless = configuration.with_options(CONFIG, after="3650d")
    scanning.watch(endless, 0.0, 7200.0, SAID.append, draw)
    assert len(pictures) >= 3, "the last picture is that of the end"
    assert pictures[0] != pictures[1]


@pytest.mark.parametrize("seconds", [0.0, -3.0, float("nan"), float("inf")])
def test_a_watch_that_nobody_could_read_by_is_refused(seconds: float) -> None:
    with pytest.raises(UserError, match=r"--watch .*give seconds above 0"):
        scanning.scan(CONFIG, seconds, 60.0, SAID.append)


def test_a_market_that_stands_still_is_drawn_once_enough_was_seen() -> None:
    pace = scanning.Pace(0.0, 10.0, stands_still=True)
    assert not pace.due(9_999_999_999, 0)
    assert pace.due(10_000_000_000, 0)
    pace.drawn()
    assert pace.due(10_000_000_001, 0)


def test_real_time_is_drawn_at_once_and_then_not_before_its_pause_is_over() -> None:
    pace = scanning.Pace(3600.0, 10.0, stands_still=False)
    assert pace.due(1, 0)
    pace.drawn()
    assert not pace.due(10**18, 0)
