"""From a profile to an engine ready to run: the market, the faults, the ends, and a directory with a journal.

Counterpart: `engine.runtime`, which runs it.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import trio

from engine import config as configuration, listing
from engine.alarms import Told
from engine.config import Config
from engine.config.kept import differences, keep
from engine.doors import Doors, NetworkDoors, PaperDoors
from engine.doors.accounts import accounts_held
from engine.doors.listed import refuse_other_terms
from engine.doors.network import accounts_of, clocks_that_answer, none_answers, speed_of
from engine.recovery import Recovery, RecoveryRefused, named, run_to_resume
from engine.runtime import Engine, Progress, RunResult
from engine.simulators.market import Market
from engine.world import build_faults, build_market, narrowed_to_recording


class RunRequest(msgspec.Struct, frozen=True, kw_only=True):
    """What a run was asked for, after the command line had its say. `speed` None is as fast as possible.

    `resume` names the run directory to go on with; `anew` begins a run although an earlier one was cut off. `profile`
    is the file of the configuration, for commands that a person is told. `duration_s` is what was asked for besides the
    configuration, which has it too; a run that is gone on with has its own unless that is longer.
    """

    config: Config
    runs: Path
    speed: float | None = None
    resume: Path | None = None
    anew: bool = False
    duration_s: float | None = None
    profile: Path | None = None


def run(request: RunRequest, progress: Progress | None = None) -> RunResult:
    """Run the engine to its end and write its report.

    Raises ConfigError, MarketFileError, JournalError.
    """
    engine = prepare(request, progress)
    engine.run()
    return engine.finish()


def prepare(request: RunRequest, progress: Progress | None = None, told: Told | None = None) -> Engine:
    """An engine ready to run, its directory made and its journal begun; when it fails, nothing is left behind.

    `told` hears of each alarm; what the run leaves out of what was asked for stands in the engine's notes. Raises also
    SandboxMissing, when the profile is a sandbox's and the simulated venues have not been started, and RecoveryRefused,
    when a run that was cut off cannot be gone on with.
    """
    configuration.refuse_unready(request.config)
    engine = _prepare(request, progress, told)
    engine.profile = request.profile
    return engine


def _prepare(request: RunRequest, progress: Progress | None, told: Told | None) -> Engine:
    if request.config.run.mode == "sandbox":
        return _over_sockets(request, progress, told)
    if request.resume is not None:
        raise RecoveryRefused(
            f"--resume {request.resume}: the venues of a paper run end with it; the same command with the same seed "
            "repeats it byte for byte"
        )
    return _in_memory(request, progress, told)


def _over_sockets(request: RunRequest, progress: Progress | None, told: Told | None) -> Engine:
    if request.config.faults or request.config.market.kind == "recorded":
        raise configuration.ConfigError(
            "a sandbox's faults and market are its venues': give --faults and the recording to `perp2perp simulate`"
        )
    listed, left_out = listing.with_listed_assets(request.config)
    clocks, missing = trio.run(clocks_that_answer, listed)
    if not clocks:
        raise none_answers(missing)
    speed = speed_of(clocks, request.speed)
    with accounts_held(listed.run.state_directory, accounts_of(listed, clocks), "which is about to begin"):
        pass  # refused before a run directory is made; held for good when the run begins
    cut_off = None if request.anew else run_to_resume(request.resume, request.runs, listed, request.profile)
    if cut_off is not None:
        return _gone_on_with(request, cut_off, listed, speed, progress, told)
    for error in missing.values():
        raise error
    trio.run(refuse_other_terms, listed, 1.0)
    config = with_own_order_ids(listed, max(clock.now_ns for clock in clocks.values()))
    engine = _engine(request, config, NetworkDoors(config, speed=speed), speed, progress, told)
    keep(engine.directory, config)
    engine.notes.extend(left_out)
    return engine


def _gone_on_with(
    request: RunRequest,
    directory: Path,
    config: Config,
    speed: float,
    progress: Progress | None,
    told: Told | None,
) -> Engine:
    """The engine of a run that was cut off; decided by the policy the run began with."""
    recovery = Recovery(directory, config.spare, config.state, request.profile)
    differing = differences(directory, recovery.header, config)
    config = msgspec.structs.replace(config, policy=recovery.policy)
    if configuration.digest(config) != recovery.header.config_digest:
        raise RecoveryRefused(
            f"{directory} was begun with other venues, accounts or run settings than this profile has:"
            f"{named(tuple(line for line in differing if not line.startswith('policy.')))}"
            "\ngive the profile it was begun with, or close by hand what it holds and begin anew with --new"
        )
    longer = recovery.last(request.duration_s)
    doors = NetworkDoors(config, speed=speed, resuming=True)
    engine = Engine(config, doors, directory, speed, progress, told=told, recovery=recovery)
    engine.notes.extend((*recovery.words(), *filter(None, (longer,)), *_kept_policy(differing, longer)))
    return engine


def _kept_policy(differing: tuple[str, ...], longer: str) -> Iterator[str]:
    """The policy is the run's own: what the profile says otherwise counts for the next run."""
    for line in differing:
        if not (longer and line.startswith("policy.lifecycle.duration_s:")):
            yield f"{line}; the run keeps its own"


def with_own_order_ids(config: Config, now_ns: int) -> Config:
    """Client order ids of this run alone: venues that outlive a run refuse an id they have seen."""
    namespace = f"{config.policy.order_namespace}|{now_ns}"
    return msgspec.structs.replace(config, policy=msgspec.structs.replace(config.policy, order_namespace=namespace))


def _in_memory(request: RunRequest, progress: Progress | None, told: Told | None) -> Engine:
    narrowed, left_out = narrowed_to_recording(request.config)
    market = build_market(narrowed)
    faults = build_faults(narrowed)
    config, notes = fit_to_market(narrowed, market)
    start_ns = first_common_ns(market, config)
    doors = PaperDoors(config, market, start_ns, faults)
    engine = _engine(request, config, doors, request.speed, progress, told)
    engine.notes.extend((*left_out, *notes))
    return engine


def _engine(
    request: RunRequest,
    config: Config,
    doors: Doors,
    speed: float | None,
    progress: Progress | None,
    told: Told | None,
) -> Engine:
    directory = new_directory(request.runs)
    try:
        return Engine(config, doors, directory, speed, progress, told=told)
    except BaseException:
        shutil.rmtree(directory)
        raise


def new_directory(runs: Path) -> Path:
    """A directory for a new run, named by the time it was started; the name is in no record."""
    stem = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
    for number in range(1000):
        directory = runs / (stem if not number else f"{stem}-{number}")
        try:
            directory.mkdir(parents=True)
        except FileExistsError:
            continue
        return directory
    raise FileExistsError(f"{runs}: too many runs started in one second; wait a moment")


def fit_to_market(config: Config, market: Market) -> tuple[Config, list[str]]:
    """Trade what the market has, for as long as it lasts; notes say what was left out."""
    config, notes = listing.with_made_up_instruments(config, market)
    scanner, lifecycle = config.policy.scanner, config.policy.lifecycle
    assets = tuple(asset for asset in scanner.assets if asset in market.assets)
    missing = [asset for asset in scanner.assets if asset not in assets]
    if missing:
        notes.append(f"the market has no {', '.join(missing)}: left out")
    if not assets:
        raise configuration.ConfigError(
            f"policy.scanner.assets: the market has none of {', '.join(scanner.assets)}; it has "
            f"{', '.join(market.assets[:10])}"
        )
    duration_s = lifecycle.duration_s
    if market.end_ns is not None:
        room_s = (market.end_ns - first_common_ns(market, config)) / 1e9 - lifecycle.drain_timeout_s
        if room_s < duration_s:
            duration_s = max(0.0, room_s)
            notes.append(f"the recording lasts {room_s / 3600:.1f} h: the run ends with it")
    policy = msgspec.structs.replace(
        config.policy,
        scanner=msgspec.structs.replace(scanner, assets=assets),
        lifecycle=msgspec.structs.replace(lifecycle, duration_s=duration_s),
    )
    return msgspec.structs.replace(config, policy=policy), notes


def first_common_ns(market: Market, config: Config) -> int:
    """The first moment at which every market that is traded has a price; raises ConfigError when there is none."""
    scanner = config.policy.scanner
    markets = [(venue.value, asset) for venue in scanner.venues for asset in scanner.assets if asset in market.assets]
    end_ns = market.end_ns or market.start_ns + listing.SEARCH_STEP_NS
    for at_ns in range(market.start_ns, end_ns, listing.SEARCH_STEP_NS):
        if all(market.sample(venue, asset, at_ns) is not None for venue, asset in markets):
            return at_ns
    raise configuration.ConfigError(
        f"market.file: no moment has prices for all of {', '.join(scanner.assets)} on all of "
        f"{', '.join(venue.value for venue in scanner.venues)}; name fewer assets in policy.scanner.assets"
    )
