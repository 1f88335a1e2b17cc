"""`perp2perp backtest` from its command line to its pages, on a small made-up history."""

from __future__ import annotations

import json
import shlex
from decimal import Decimal
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import msgspec
import pytest

from actors.domain import HOUR_NS
from engine import cli
from engine.backtest import command, findings, page, words
from engine.backtest.baselines import Hour, Terms
from engine.backtest.grid import ParameterSet
from engine.backtest.one_run import Outcome
from engine.backtest.plots import POINTS_MOST, chart, levels, thinned
from engine.backtest.request import PROFILE, asked_of
from engine.backtest.results import Study, published
from engine.simulators.market import Span
from tests.engine.backtest.histories import write

D = Decimal
GRID = """
[[sets]]
name = "as it is"

[[sets]]
name = "never"
"scanner.net_least_bps" = "9999"
"""


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as left:
        cli.main(["backtest", *arguments])
    told = capsys.readouterr()
    return int(left.value.code or 0), told.out, told.err


def options(folder: Path, *more: str) -> list[str]:
    return [
        *("--data", str(folder / "data"), "--from", "2025-10-01", "--to", "2025-10-03", "--out", str(folder / "out")),
        *("--venues", "hyperliquid,binance", "--as", "binance=pacifica", "--assets", "BTC", "--jobs", "1", *more),
    ]


@pytest.fixture(scope="module")
def walked(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Any], Path]:
    """A walk-forward of two sets: one day chooses, the next counts."""
    folder = tmp_path_factory.mktemp("walked")
    write(folder / "data")
    grid = folder / "grid.toml"
    grid.write_text(GRID)
    with pytest.raises(SystemExit) as left:
        cli.main(["backtest", *options(folder, "--grid", str(grid), "--walk-forward", "1:1", "--json")])
    assert left.value.code == 0
    return json.loads((folder / "out" / "0001" / "report.json").read_text()), folder / "out" / "0001"


def test_a_walk_forward_prints_every_choice_and_reports_test_days_alone(walked: tuple[dict[str, Any], Path]) -> None:
    report, _ = walked
    (choice,) = report["choices"]
    assert report["command"].endswith("/grid.toml --walk-forward 1:1")
    assert choice["window"] == "train 2025-10-01..2025-10-02, test 2025-10-02..2025-10-03"
    best = max(choice["train_net"], key=choice["train_net"].get)
    assert choice["chosen"] == best
    assert list(choice["test_net"]) == list(dict.fromkeys([best, "as it is"])), "the first set is tried beside it"
    assert choice["test_net"][best] == report["runs"][0]["net"]
    assert report["totals"]["engine, always as it is"] == choice["test_net"]["as it is"]
    (tested,) = report["runs"]
    assert (tested["from"], tested["to"]) == ("2025-10-02T00:00Z", "2025-10-03T00:00Z")
    assert report["totals"]["engine"] == tested["net"]
    assert list(tested["by_venue"]) == ["hyperliquid", "binance (played by pacifica)"]
    assert report["static_from"] == ["2025-10-02T00:00Z"], "what came before the test days chose the static side"


def test_the_warnings_come_by_themselves(walked: tuple[dict[str, Any], Path]) -> None:
    told = "\n".join(walked[0]["warnings"])
    for part in (
        "2 days are too short for a claim",
        "binance is played by pacifica",
        "binance pays every 8 hours",
        "the basis is zero",
        "chosen among 2 sets on each window's train days",
        "the last settled one",
    ):
        assert part in told, part


def test_the_simple_rules_are_beside_it_on_the_same_hours(walked: tuple[dict[str, Any], Path]) -> None:
    (rules,) = walked[0]["rules"]
    assert list(rules) == ["flat", "static", "naive"]
    assert rules["flat"]["net"] == 0
    assert rules["static"]["funding"] == rules["naive"]["funding"] > 0
    assert rules["static"]["fees"] == pytest.approx(2 * 10_000 * (0.00045 + 0.0004), rel=0.01)
    assert rules["static"]["price"] == pytest.approx(-2 * 10_000 * 0.0002, rel=0.01), "the spread, as in the engine's"


def test_a_rule_s_apr_counts_the_days_it_may_hold(walked: tuple[dict[str, Any], Path]) -> None:
    """The static rule looks at the first quarter of a single run; the last test days of a walk-forward are fewer."""
    tape = {number * HOUR_NS: {"a": Hour(D(100), D(0), None), "b": Hour(D(100), D(0), None)} for number in range(96)}
    found = findings.rules({"BTC": tape}, Terms(D(100), {}, D(0)), Span(0, 96 * HOUR_NS), 24 * HOUR_NS)
    assert {name: made["days"] for name, made in found.items()} == {"flat": 4, "static": 3, "naive": 4}
    report = {**walked[0], "rules": [{"static": {**walked[0]["rules"][0]["static"], "net": 36.5, "days": 0.5}}]}
    (row,) = (line for line in words.markdown(report).splitlines() if line.startswith("| static"))
    assert row.startswith("| static, from 2025-10-02 | 36.50 | 266.45 |"), "36.50 of 10,000 in half a day, by 365 days"


class Tags(HTMLParser):
    """Every tag with its attributes, and whether all that were opened were closed."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, dict(attrs)))
        if tag not in ("meta", "line"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if self.open and self.open[-1] == tag:
            self.open.pop()


def test_the_page_is_whole_and_loads_nothing(walked: tuple[dict[str, Any], Path]) -> None:
    text = (walked[1] / "report.html").read_text()
    tags = Tags()
    tags.feed(text)
    assert tags.open == []
    assert [tag for tag, _ in tags.seen if tag in ("script", "link", "img", "iframe")] == []
    assert "http" not in text
    assert sum(tag == "svg" for tag, _ in tags.seen) == 5
    assert sum(tag == "polyline" for tag, _ in tags.seen) >= 8


def test_the_words_have_a_table_with_every_run_and_rule(walked: tuple[dict[str, Any], Path]) -> None:
    text = (walked[1] / "report.md").read_text()
    for part in ("**engine** test 1", "| flat |", "| static, from 2025-10-02 |", "| naive |", "all test days: engine"):
        assert part in text, part


def test_held_out_days_are_refused_and_exit_2(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    grid = tmp_path / "grid.toml"
    grid.write_text(GRID)
    asked = options(tmp_path, "--grid", str(grid))
    asked[3], asked[5] = "2026-01-01", "2026-02-01"
    code, _, told = run(capsys, *asked)
    assert code == 2
    assert "held out (everything 2026-01-01..2027-01-01)" in told


def test_a_single_run_keeps_its_journal_and_is_published_with_its_command(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    write(tmp_path / "data", hours=24)
    study = Study(
        first="2025-10-01", last="2025-10-02", venues="hyperliquid,binance", stand_ins="binance=pacifica", assets="BTC"
    )
    text = published((tmp_path / "data",), (study,), tmp_path / "out")
    line = "`perp2perp backtest --data data --from 2025-10-01 --to 2025-10-02 --venues hyperliquid,binance"
    assert line in text
    assert text.count("\n## ") == 1, "one heading a study"
    assert (tmp_path / "out" / "0001" / "runs" / "profile" / "journal.jsonl").exists()
    assert "done after" in capsys.readouterr().err


def test_the_command_of_a_report_can_be_pasted_where_it_was_given(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here, there = tmp_path / "here", tmp_path / "my other"
    write(here / "below" / "data", hours=24)
    there.mkdir()
    profile = there / "mine.toml"
    profile.write_text(PROFILE.read_text())
    monkeypatch.chdir(here)
    plain = options(here / "below", "--config", str(profile))
    plain[5] = "2025-10-02"
    code, told, _ = run(capsys, *plain)
    line = next(each for each in told.splitlines() if each.startswith("`perp2perp backtest"))
    assert (code, line.count(" --data below/data --from 2025-10-01 --to 2025-10-02 ")) == (0, 1)
    assert f" --config '{profile}'" in line
    again, repeated, _ = run(capsys, *shlex.split(line.strip("`"))[2:])
    assert (again, repeated) == (code, told)
    assert (here / "backtests" / "0001" / "report.md").exists()


def test_a_command_names_no_profile_that_was_left_out_and_when_published_no_directory(tmp_path: Path) -> None:
    grid = tmp_path / "grid.toml"
    grid.write_text(GRID)
    asked = asked_of(data=(Path("../data"),), first="2025-10-01", last="2025-10-02", grid=grid)
    assert "--data ../data " in command.command_line(asked)
    assert "--config" not in command.command_line(asked)
    published_line = command.command_line(msgspec.structs.replace(asked, names_alone=True))
    assert "/" not in published_line
    assert published_line.endswith(" --config backtest.toml --grid grid.toml")


def test_the_best_set_is_the_earlier_of_equals_and_never_a_failed_one() -> None:
    sets = tuple(ParameterSet(name=name) for name in "abc")

    def outcome(net: int, failed: str = "") -> Outcome:
        return Outcome(name="x", changes={}, from_ns=0, to_ns=1, net=D(net), failed=failed)

    assert command.best_of(sets, (outcome(1), outcome(2), outcome(2))).name == "b"
    assert command.best_of(sets, (outcome(9, "died"), outcome(-3), outcome(-4))).name == "b"
    with pytest.raises(Exception, match="every set failed"):
        command.best_of(sets[:1], (outcome(0, "died"),))


def test_a_failed_run_is_a_row_by_name_and_a_warning(walked: tuple[dict[str, Any], Path]) -> None:
    failed = Outcome(name="sad", changes={}, from_ns=0, to_ns=1, failed="OSError: no room")
    report = {**walked[0], "runs": [*walked[0]["runs"], findings.engine_figures(failed, D(1), {})]}
    assert "| sad **failed** |" in words.markdown(report)
    assert "sad failed" in page.html(report)


def test_a_drawdown_is_the_deepest_fall_below_an_earlier_high() -> None:
    assert findings.drawdown([D(5), D(2), D(9), D(1), D(8)]) == 8
    assert findings.drawdown([D(-4), D(-2)]) == 4, "the start counts as a high"
    assert findings.drawdown([]) == 0


def test_a_plot_is_thinned_without_losing_its_least_and_most() -> None:
    curve = [(float(at), float(at % 1000) - (5000.0 if at == 4321 else 0.0)) for at in range(9000)]
    kept = thinned(curve)
    assert len(kept) <= POINTS_MOST
    assert (4321.0, -4679.0) in kept
    assert max(value for _, value in kept) == 999.0
    assert list(kept) == sorted(kept)


def test_a_plot_says_when_there_is_nothing_to_draw_and_escapes_its_names() -> None:
    assert "nothing to draw" in chart("empty", {"a": []})
    line = [(0.0, 1.0), (1.0, 2.0)]
    assert "&lt;b&gt;" in chart("x", {"<b>": line, "c": line})
    assert "<b>" not in chart("<b>", {"<b>": line, "c": line})


@pytest.mark.parametrize(
    ("low", "high", "told"),
    [
        (-65.0, 887.0, [-200.0, 0.0, 200.0, 400.0, 600.0, 800.0, 1000.0]),
        (-0.3, 0.0, [-0.3, -0.2, -0.1, 0.0]),
        (0.0, 0.0, [0.0, 0.2, 0.4, 0.6, 0.8, 1.0]),
        (-34_961.0, 887.0, [-40_000.0, -30_000.0, -20_000.0, -10_000.0, 0.0, 10_000.0]),
    ],
)
def test_the_levels_of_a_plot_are_round_and_hold_every_value_and_zero(
    low: float, high: float, told: list[float]
) -> None:
    assert levels(low, high) == pytest.approx(told)


def test_a_plot_names_every_line_and_gives_more_names_more_rows() -> None:
    line = [(0.0, 1.0), (1.0, 2.0)]
    few, many = (chart("x", {f"a set of some name {n}": line for n in range(count)}) for count in (2, 12))
    assert few.count('class="name"') == 2
    assert many.count('class="name"') == 12
    assert 'viewBox="0 0 960 280"' in few
    assert 'viewBox="0 0 960 312"' in many, "two rows more"
    assert 'class="name"' not in chart("one line", {"a": line}), "the title names it"


def test_what_is_wide_scrolls_by_itself_and_words_stand_to_the_left(walked: tuple[dict[str, Any], Path]) -> None:
    text = (walked[1] / "report.html").read_text()
    assert text.count("<table>") == text.count('<div class="wide"><table>')
    assert text.count("<svg ") == text.count('<div class="wide"><svg ')
    assert '<th class="text long">closed because</th>' in text
    assert '<th class="text">what</th><th>net</th>' in text
    assert "background: #fff" in text, "a reader whose pages are dark sees dark words on it"
