from __future__ import annotations

import gzip
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import pytest

from engine import journal
from engine.cli import main
from engine.config import DEFAULT_CONFIG, ROOT
from statecharts.catalog import CATALOG
from tests.shared import data_root

SDKS = ("hyperliquid", "eth_account", "lighter", "driftpy", "solana", "nacl", "httpx", "prometheus_client")


class Said(NamedTuple):
    """What a command said and how it ended."""

    code: int
    out: str
    err: str


@pytest.fixture
def told(capsys: pytest.CaptureFixture[str]) -> Any:
    """Runs a command in this process."""

    def tell(*arguments: object) -> Said:
        with pytest.raises(SystemExit) as ended:
            main([str(argument) for argument in arguments])
        captured = capsys.readouterr()
        assert isinstance(ended.value.code, int)
        return Said(ended.value.code, captured.out, captured.err)

    return tell


def refused(said: Said, *words: str) -> None:
    """One sentence on standard error that names the thing and the remedy, exit 2, and nothing else."""
    assert said.code == 2
    assert said.out == ""
    assert said.err.startswith("perp2perp: ")
    assert said.err.count("\n") == 1
    assert "Traceback" not in said.err
    assert [word for word in words if word not in said.err] == []


class Twin(NamedTuple):
    """A run in a process of its own: its last line of output, and its directory."""

    last_line: str
    directory: Path


@pytest.fixture(scope="module")
def twins(tmp_path_factory: pytest.TempPathFactory) -> list[Twin]:
    """The same run in two processes that hash differently, side by side."""
    begun = []
    for hash_seed in ("1", "4711"):
        runs = tmp_path_factory.mktemp(f"hash{hash_seed}")
        command = [sys.executable, "-m", "engine.cli", "run", "--duration", "2d", "--seed", "3", "--runs", str(runs)]
        environment = os.environ | {"PYTHONHASHSEED": hash_seed}
        process = subprocess.Popen(
            command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        begun.append((runs, process))
    found = []
    for runs, process in begun:
        out, err = process.communicate(timeout=120)
        assert process.returncode == 0, err
        (directory,) = runs.iterdir()
        found.append(Twin(out.splitlines()[-1], directory))
    return found


@pytest.fixture
def copied(twins: list[Twin], tmp_path: Path) -> Path:
    """A copy of the run, to be spoilt."""
    return shutil.copytree(twins[0].directory, tmp_path / "spoilt")


def report_of(directory: Path) -> dict[str, Any]:
    report: dict[str, Any] = msgspec.json.decode((directory / "report.json").read_bytes())
    return report


# --- a run -------------------------------------------------------------------------------------------------


def test_two_processes_that_hash_differently_write_the_same_bytes(twins: list[Twin]) -> None:
    first, second = (twin.directory for twin in twins)
    for name in ("journal.jsonl", "report.json", "report.md"):
        assert (first / name).read_bytes() == (second / name).read_bytes(), name


def test_a_run_leaves_its_four_files_and_its_last_line_is_their_place(twins: list[Twin]) -> None:
    for twin in twins:
        assert Path(twin.last_line) == twin.directory
        assert sorted(path.name for path in twin.directory.iterdir()) == [
            "head.json",
            "journal.jsonl",
            "report.json",
            "report.md",
        ]
        found = journal.verify(twin.directory)
        assert found.ended == "the run's duration is over"
        assert (found.beyond_head, found.torn_bytes) == (0, 0)


PAIR_FIELDS = (
    *("state", "transitions", "funding_usd", "fees_usd", "price_pnl_usd", "net_usd"),
    *("naked_seconds", "naked_notional_seconds"),
)


def test_the_report_keeps_its_contract(twins: list[Twin]) -> None:
    report = report_of(twins[0].directory)
    assert report["final_exposure_usd"] == 0
    assert report["messages"] == journal.verify(twins[0].directory).records
    assert report["orders"] == sum(report["orders_by_venue"].values()) == report["totals"]["orders"] > 0
    assert isinstance(report["alarms"], list)
    assert report["pairs"]
    for pair in report["pairs"]:
        assert [field for field in PAIR_FIELDS if field not in pair] == []
        assert pair["state"].startswith("CLOSED")
        assert pair["net_usd"] == pytest.approx(
            pair["price_pnl_usd"] + pair["slippage_usd"] + pair["funding_usd"] - pair["fees_usd"], abs=0.03
        )
    for field in PAIR_FIELDS[1:]:
        assert report["totals"][field] == pytest.approx(sum(pair[field] for pair in report["pairs"]), abs=0.05)


def test_the_report_for_people_names_every_pair(twins: list[Twin]) -> None:
    text = (twins[0].directory / "report.md").read_text()
    assert [pair["pair"] for pair in report_of(twins[0].directory)["pairs"] if pair["pair"] not in text] == []
    assert "final exposure 0.00 USD" in text


def test_the_report_says_of_each_leg_where_it_was_and_that_it_is_flat(twins: list[Twin]) -> None:
    report = report_of(twins[0].directory)
    assert report["left_open"] == []
    for pair in report["pairs"]:
        assert sorted(leg["entered"] for leg in pair["legs"]) == ["long", "short"]
        assert [(leg["side"], leg["size"]) for leg in pair["legs"]] == [("flat", "0")] * 2
    assert set(report["equity_start_from"].values()) == {"account"}
    assert set(report["equity_start_usd"].values()) == {50_000.0}


def test_what_is_left_out_is_said_at_the_start_and_alarms_as_they_come_and_json_stays_json(
    told: Any, tmp_path: Path
) -> None:
    plan = tmp_path / "faults.toml"
    plan.write_text(
        '[[rules]]\nname = "cut"\ntraffic = "frame"\nvenue = "pacifica"\nfrom_s = 600\nat_most = 1\n'
        'fault = { do = "disconnect" }\n'
    )
    arguments = ("run", "--assets", "BTC,XRP", "--duration", "30m", "--faults", plan, "--runs", tmp_path / "runs")
    said = told(*arguments, "--json")
    assert said.code == 0, said.err
    assert len(said.out.splitlines()) == 2
    assert msgspec.json.decode(said.out.splitlines()[0])["notes"][0] == "the market has no XRP: left out"
    lines = said.err.splitlines()
    assert lines[0] == "note: the market has no XRP: left out"
    (lost,) = [line for line in lines if " info link_lost: pacifica: " in line]
    (over,) = [line for line in lines if " resolved link_lost: pacifica: " in line]
    assert lines.index(lost) < lines.index(over)


def test_as_json_a_run_prints_its_report_and_then_its_place(told: Any, tmp_path: Path) -> None:
    said = told("run", "--duration", "30m", "--json", "--runs", tmp_path)
    assert said.code == 0
    document, place = said.out.splitlines()
    assert msgspec.json.decode(document) == {"run": place, **report_of(Path(place))}
    assert Path(place).parent == tmp_path


def test_a_run_at_a_multiple_of_real_time_ends_too(told: Any, tmp_path: Path) -> None:
    said = told("run", "--duration", "60s", "--speed", "100", "--runs", tmp_path)
    assert said.code == 0
    assert report_of(Path(said.out.splitlines()[-1]))["market_time_s"] >= 60


@pytest.mark.parametrize(
    ("pattern", "note"),
    [
        ("multi_venue/seven_venues_*.csv.gz", "gaps for these assets"),
        ("hyperliquid/funding_settled_1h.csv.gz", "not recorded"),
    ],
)
def test_a_recorded_market_runs_to_a_flat_end_and_says_what_it_lacks(
    pattern: str, note: str, told: Any, tmp_path: Path
) -> None:
    (recording,) = data_root().glob(pattern)
    said = told("run", "--market", recording, "--duration", "2d", "--json", "--runs", tmp_path)
    assert said.code == 0, said.err
    report = msgspec.json.decode(said.out.splitlines()[0])
    assert report["final_exposure_usd"] == 0
    assert report["market_time_s"] >= 2 * 86400
    assert report["messages"] > 1000
    assert any(note in each for each in report["notes"])
    assert not [alarm for alarm in report["alarms"] if alarm["code"] == "links_missing"]


# --- a run that cannot start -------------------------------------------------------------------------------


def test_profiles_for_real_venues_are_refused(told: Any, tmp_path: Path) -> None:
    for mode in ("live", "shadow"):
        said = told("run", "--config", DEFAULT_CONFIG.parent / f"{mode}.toml", "--runs", tmp_path / "runs")
        refused(said, f"run.mode is {mode!r}", "not in this version", "config/paper.toml")
    assert not (tmp_path / "runs").exists()


def spoilt_profile(tmp_path: Path, old: str, new: str) -> Path:
    text = DEFAULT_CONFIG.read_text()
    assert old in text
    path = tmp_path / "mine.toml"
    path.write_text(text.replace(old, new, 1))
    return path


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("scan_s", "scan_every_s", ("policy.scanner", "scan_every_s")),
        ("pairs_most = 3", 'pairs_most = "x"', ("policy.scanner.pairs_most",)),
        ("leverage = 3", "leverage = 9", ("venues.hyperliquid.leverage is 9", "between 1 and 3")),
    ],
)
def test_a_bad_profile_is_one_sentence(old: str, new: str, words: tuple[str, ...], told: Any, tmp_path: Path) -> None:
    path = spoilt_profile(tmp_path, old, new)
    refused(told("check-config", path), str(path), *words)
    refused(told("run", "--config", path, "--runs", tmp_path / "runs"), str(path), *words)
    assert not (tmp_path / "runs").exists()


def test_venues_are_chosen_on_the_command_line_and_wrong_ones_refused(told: Any, tmp_path: Path) -> None:
    said = told("run", "--venues", "lighter,drift", "--duration", "2h", "--json", "--runs", tmp_path / "runs")
    assert said.code == 0, said.err
    notes = msgspec.json.decode(said.out.splitlines()[0])["notes"]
    assert {note.partition(":")[0] for note in notes if "made up from seed" in note} == {"lighter", "drift"}
    for wrong in ("lighter", "lighter,teapot", "lighter,lighter"):
        refused(told("run", "--venues", wrong, "--runs", tmp_path / "other"), "--venues", "two or more of hyperliquid")
    assert not (tmp_path / "other").exists()


def bad_market(tmp_path: Path, kind: str) -> Path:
    path = tmp_path / {"garbage": "m.csv", "header": "m.csv", "no gzip": "m.csv.gz", "cut gzip": "m.csv.gz"}[kind]
    columns = b"hour_utc,venue,symbol_norm,rate_per_hour,mark_avg,index_avg,open_interest_usd\n"
    content = {
        "garbage": b"\xff\xfe\x00\x01",
        "header": b"a,b,c\n1,2,3\n",
        "no gzip": columns,
        "cut gzip": gzip.compress(columns + b"2026-01-02T20:00:00Z,pacifica,BTC,1e-5,9,9,9\n" * 500)[:60],
    }
    path.write_bytes(content[kind])
    return path


@pytest.mark.parametrize("kind", ["garbage", "header", "no gzip", "cut gzip"])
def test_a_malformed_market_file_is_one_sentence(kind: str, told: Any, tmp_path: Path) -> None:
    path = bad_market(tmp_path, kind)
    refused(told("run", "--market", path, "--runs", tmp_path / "runs"), str(path))
    assert not (tmp_path / "runs").exists()


RULE = '[[rules]]\nname = "x"\ntraffic = "http"\n'


@pytest.mark.parametrize(
    ("plan", "words"),
    [
        ("xx[[", ("is not a fault plan",)),
        (RULE + 'fault = { do = "explode" }\n', ("explode", "rules[0].fault")),
        (RULE + 'fault = { do = "drop_frame" }\n', ("frame only",)),
        (RULE + 'fault = { do = "delay", delay_s = 1 }\nsometimes = true\n', ("sometimes", "probability")),
        (RULE + 'fault = { do = "delay", delay_s = 1 }\nvenue = "drfit"\n', ("'drfit'", "lighter, drift")),
        ("\udcff", ("is not a fault plan",)),
    ],
)
def test_a_bad_fault_plan_is_one_sentence(plan: str, words: tuple[str, ...], told: Any, tmp_path: Path) -> None:
    path = tmp_path / "faults.toml"
    path.write_bytes(plan.encode(errors="surrogateescape"))
    refused(told("run", "--faults", path, "--runs", tmp_path / "runs"), str(path), *words)
    assert not (tmp_path / "runs").exists()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("run", "--duration", "fortnight"), ("--duration 'fortnight'", "90s, 30m, 12h")),
        (("run", "--duration", "-1d"), ("--duration '-1d'", "no time that could pass", "a positive number and a unit")),
        (("simulate", "--duration", "-1d"), ("--duration '-1d'",)),
        (("scan", "--after", "-1d"), ("--after '-1d'",)),
        (("run", "--speed", "fast"), ("--speed 'fast'", "max")),
        (("run", "--config", "none.toml"), ("none.toml", "name an existing")),
        (("run", "--market", "none.csv"), ("none.csv", "readable")),
        (("run", "--faults", "none.toml"), ("none.toml", "existing")),
        (("run", "--assets", "XYZ"), ("XYZ", "the market has none of")),
        (("scan", "--after", "soon"), ("'soon'",)),
        (("check-config", "none.toml"), ("none.toml",)),
        (("replay", "none"), ("none",)),
        (("verify", "none"), ("none",)),
        (("explain", "none", "risk"), ("none",)),
        (("rerecord", "none"), ("none",)),
        (("render", "teapot"), ("teapot", "pair_position")),
        (("render", "--run", "none"), ("none",)),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else None,
)
def test_bad_input_is_one_sentence_that_names_thing_and_remedy(
    arguments: tuple[str, ...], words: tuple[str, ...], told: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    refused(told(*arguments), *words)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("arguments", [("run", "--seed", "x"), ("run", "--teapot"), ("teapot",), ("replay",)])
def test_what_the_command_line_does_not_know_ends_with_exit_code_2(arguments: tuple[str, ...], told: Any) -> None:
    said = told(*arguments)
    assert said.code == 2
    assert said.out == ""
    assert "Traceback" not in said.err


def on_a_small_disk(blocks: int, runs: Path, state: Path | None = None) -> subprocess.CompletedProcess[str]:
    """A run whose files may have only so many blocks of 512 or 1024 bytes; `state` is for what outlives runs."""
    environment = {**os.environ, **({"XDG_STATE_HOME": str(state)} if state else {})}
    script = f"ulimit -f {blocks}; exec {sys.executable} -m engine.cli run --duration 1d --runs {runs}"
    return subprocess.run(
        ["bash", "-c", script], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False, env=environment
    )


def test_a_disk_that_takes_no_journal_leaves_no_run_directory(tmp_path: Path) -> None:
    ended = on_a_small_disk(0, tmp_path / "runs")
    refused(Said(ended.returncode, ended.stdout, ended.stderr), "could not be written", "mend the disk")
    assert list((tmp_path / "runs").iterdir()) == []


def test_a_disk_that_fills_up_ends_all_openings_and_the_record_goes_on_elsewhere(tmp_path: Path) -> None:
    state = tmp_path / "state" / "perp2perp"
    spare = state / "spare"
    ended = on_a_small_disk(200, tmp_path / "runs", tmp_path / "state")
    assert ended.returncode == 3
    last = ended.stderr.splitlines()[-1]
    assert last.startswith("perp2perp: ")
    assert "could not be written after record" in last
    assert f"the record goes on in {spare}" in ended.stderr
    assert "Traceback" not in ended.stderr
    (directory,) = (tmp_path / "runs").iterdir()
    assert directory == Path(ended.stdout.splitlines()[-1])
    assert journal.verify(directory).ended is None
    assert journal.mend(directory, spare, state) is not None
    assert journal.verify(directory).ended is not None


# --- what is told of a run ---------------------------------------------------------------------------------


def test_a_run_replays_identical(twins: list[Twin], told: Any) -> None:
    said = told("replay", twins[0].directory)
    messages = report_of(twins[0].directory)["messages"]
    assert (said.code, f"identical, {messages} messages" in said.out) == (0, True)


def test_a_replay_may_stop_and_show_the_states_there(twins: list[Twin], told: Any) -> None:
    said = told("replay", twins[0].directory, "--until", "500")
    assert said.code == 0
    assert "identical, 500 messages" in said.out
    assert "funding_scanner" in said.out


def test_a_divergence_is_named_and_exits_with_1(copied: Path, told: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from actors import venue_link
    from actors.roles import ROLES

    monkeypatch.setitem(ROLES["venue_link"].actions, "alarm_lost", venue_link.alarm_outage)
    said = told("replay", copied, "--json")
    assert said.code == 1
    report = msgspec.json.decode(said.out)
    assert report["differing"] > 0
    assert "venue_link/" in said.out


def test_a_good_journal_is_verified(twins: list[Twin], told: Any) -> None:
    said = told("verify", twins[0].directory)
    assert (said.code, "intact" in said.out) == (0, True)
    records = msgspec.json.decode(told("verify", twins[0].directory, "--json").out)["records"]
    assert records == report_of(twins[0].directory)["messages"]


def spoil(directory: Path, how: str) -> None:
    path = directory / "journal.jsonl"
    content = path.read_bytes()
    match how:
        case "altered":
            middle = content.index(b'"row":"noted"', len(content) // 2)
            path.write_bytes(content[: middle + 7] + b"NOTED" + content[middle + 12 :])
        case "shortened":
            path.write_bytes(content[: content.index(b"\n", len(content) // 2) + 1])
        case "empty":
            path.write_bytes(b"")
        case "another version":
            path.write_bytes(content.replace(b'"format":1', b'"format":7', 1))


@pytest.mark.parametrize("how", ["altered", "shortened", "empty", "another version"])
@pytest.mark.parametrize("command", ["replay", "verify", "render", "explain"])
def test_a_journal_that_is_not_whole_is_one_sentence(how: str, command: str, copied: Path, told: Any) -> None:
    spoil(copied, how)
    arguments = {"render": ("render", "--run", copied), "explain": ("explain", copied, "risk")}
    refused(told(*arguments.get(command, (command, copied))), "journal.jsonl")


def test_an_order_and_an_actor_are_explained(twins: list[Twin], told: Any) -> None:
    pair = report_of(twins[0].directory)["pairs"][0]["pair"]
    said = told("explain", twins[0].directory, pair)
    assert said.code == 0
    assert "What happened" in said.out
    assert said.out.partition("Legs at the end\n")[2].count(": flat, was ") == 2
    order_id = said.out.partition('"order_id":"')[2].partition('"')[0] or _order_of(twins[0].directory)
    assert order_id in told("explain", twins[0].directory, order_id).out.splitlines()[0]


def _order_of(directory: Path) -> str:
    for record in journal.read(directory):
        for command in record.commands:
            if type(command).__name__ == "SubmitOrder":
                return str(getattr(command, "order_id", ""))
    raise AssertionError("no order was sent")


def test_rerecord_shows_and_changes_nothing_unless_told_to(copied: Path, told: Any) -> None:
    before = (copied / "journal.jsonl").read_bytes()
    said = told("rerecord", copied)
    assert (said.code, "nothing written" in said.out) == (0, True)
    assert (copied / "journal.jsonl").read_bytes() == before


def test_a_reader_that_goes_away_is_no_traceback() -> None:
    script = f"set -o pipefail; {sys.executable} -m engine.cli render | head -1"
    ended = subprocess.run(["bash", "-c", script], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert (ended.returncode, ended.stdout, ended.stderr) == (141, "pair_position\n", "")


# --- charts, scan, profiles --------------------------------------------------------------------------------


@pytest.mark.parametrize("form", ["mermaid", "dot", "table", "markdown"])
def test_every_chart_is_drawn_in_every_form(form: str, told: Any, tmp_path: Path) -> None:
    said = told("render", "--format", form, "--out", tmp_path / "out")
    assert said.code == 0
    written = [Path(line) for line in said.out.splitlines()]
    assert [path.stem for path in written] == list(CATALOG)
    assert all(path.stat().st_size for path in written)
    for name in CATALOG:
        assert told("render", name, "--format", form).out == next(p for p in written if p.stem == name).read_text()


def test_a_chart_is_drawn_with_the_counts_of_a_run(twins: list[Twin], told: Any) -> None:
    plain = told("render", "pair_position").out
    counted = told("render", "pair_position", "--run", twins[0].directory)
    assert counted.code == 0
    assert counted.out != plain


def test_a_scan_ranks_the_pairs_and_opens_nothing(told: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    said = told("scan", "--after", "2h", "--venues", "drift,pacifica", "--json")
    assert said.code == 0
    ranked = msgspec.json.decode(said.out)
    assert {candidate["asset"] for candidate in ranked} == {"BTC", "ETH", "SOL", "HYPE", "DOGE"}
    assert all({candidate["short"], candidate["long"]} == {"drift", "pacifica"} for candidate in ranked)
    assert list(tmp_path.iterdir()) == []


def test_a_good_profile_is_said_to_be_good(told: Any) -> None:
    said = told("check-config", DEFAULT_CONFIG)
    assert (said.code, "good (paper profile, digest " in said.out) == (0, True)
    data = msgspec.json.decode(told("check-config", DEFAULT_CONFIG, "--json").out)
    assert (data["mode"], data["can_run"], data["missing"]) == ("paper", True, [])
    assert data["digest"] in said.out
    assert "cannot run" not in said.out


def test_every_value_in_force_can_be_asked_for(told: Any) -> None:
    assert "venues.pacifica.adapter.link.ping_every_s = " in told("check-config", DEFAULT_CONFIG, "--all").out
    data = msgspec.json.decode(told("check-config", DEFAULT_CONFIG, "--all", "--json").out)
    assert data["values"]["policy.risk.leverage_most"] == "3"


def test_a_good_profile_that_cannot_run_yet_says_what_is_missing(told: Any) -> None:
    said = told("check-config", DEFAULT_CONFIG.parent / "live.toml")
    assert said.code == 0, "every field of it is good"
    first, *missing = said.out.splitlines()
    assert first.endswith(", but it cannot run yet:")
    assert any("which this version does not have" in line for line in missing)
    data = msgspec.json.decode(told("check-config", DEFAULT_CONFIG.parent / "live.toml", "--json").out)
    assert data["can_run"] is False
    assert [line.removeprefix("  missing: ") for line in missing if "missing" in line] == data["missing"]


def test_the_help_of_calibrate_names_every_recording_it_reads_and_where_such_come_from(told: Any) -> None:
    from engine.calibration import recorded

    said = "".join(told("calibrate", "--help").out.split())
    names = (recorded.SETTLED, recorded.SNAPSHOTS, recorded.HOUR_MEANS, recorded.LIGHTER_FRAMES)
    for word in (*names, recorded.DRIFT_HOURS, recorded.BINANCE, "fundingHistory", "market_stats", "rate_raw_min"):
        assert word in said


def test_the_help_of_run_tells_every_exit_code(told: Any) -> None:
    said = " ".join(told("run", "--help").out.replace("│", " ").split())
    assert "2 for bad input, 3 when the journal could not be written" in said


def test_help_names_every_command_and_the_version_is_told(told: Any) -> None:
    said = told("--help")
    assert said.code == 0
    commands = (
        "run",
        "scan",
        "simulate",
        "conformance",
        "keys",
        "calibrate",
        "check-config",
        "replay",
        "verify",
        "explain",
        "rerecord",
        "render",
    )
    assert [name for name in commands if name not in said.out] == []
    assert told("--version").out.strip() == "0.1.0"
    for name in commands:
        assert told(name, "--help").code == 0


STARTS = (("--help",), ("render",), ("replay", "{run}"), ("explain", "{run}", "risk"), ("check-config", "{paper}"))


@pytest.fixture
def light(tmp_path: Path) -> Path:
    """A small recorded run."""
    from tests.engine.recorded import hedged_run, record

    return record(tmp_path, hedged_run().decisions).parent


@pytest.mark.parametrize("arguments", STARTS, ids=lambda value: value[0])
def test_what_needs_no_venue_starts_without_any_venues_library(arguments: tuple[str, ...], light: Path) -> None:
    filled = [argument.format(run=light, paper=DEFAULT_CONFIG) for argument in arguments]
    script = (
        "import sys\nfrom engine.cli import main\n"
        f"try:\n    main({filled!r})\nexcept SystemExit as ended:\n    assert not ended.code, ended.code\n"
        f"loaded = [name for name in {SDKS!r} if name in sys.modules]\n"
        "assert not loaded, loaded\n"
    )
    ended = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )
    assert ended.returncode == 0, ended.stderr
