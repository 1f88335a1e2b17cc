"""Configuration: one complete TOML file a profile, no inheritance, every limit with its unit in its name.

Unknown fields, wrong types and impossible limits are refused with the field's path and the remedy.
"""

from __future__ import annotations

import hashlib
import math
import tomllib
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

import msgspec

from actors.domain import Venue
from actors.policy import Policy
from engine.errors import UserError
from engine.flatten.settings import FlattenSettings
from engine.limits import EngineLimits, Limits
from engine.policy_checks import LEVERAGE_MOST, live_problems, policy_problems
from engine.restarts import RestartLimits
from engine.signing.settings import SigningSettings
from engine.simulators.server.limits import ServerLimits
from engine.simulators.transport import Pace
from engine.state_directory import state_directory
from engine.venues.network.limits import NetworkLimits

ROOT = Path(__file__).resolve().parents[1]
DEFAULT_CONFIG = ROOT / "config" / "paper.toml"
DURATION_MOST_S = 3650 * 86400.0
NEVER_ZERO = (
    *("scan_s", "watch_s", "ask_again_s", "recheck_s", "reverify_s", "verify_retry_s", "doubt_retry_s", "outage_s"),
    *("reconcile.every_s", "reconcile.look_s", "reconcile.unsettled_every_s", "reconcile.repair_s", "retry_pause_s"),
    *("reconcile.looks_most", "reconcile.answers_least", "reconcile.orders_most"),
    *("settlement.answer_s", "settlement.reread_s", "settlement.backoff_s", "settlement.retry_s"),
    *("engine.alarms_kept", "risk.account_age_most_s", "markets_refresh_s"),
    *("core.cascade_most", "core.owners_most", "core.forced_most"),
    *("network.handshake_s", "network.write_s", "signing.start_timeout_s", "signing.waiting_most"),
    *("connections_most", "body_bytes_most", "frame_bytes_most", "request_bytes_most", "head_bytes_most"),
    *("server.idle_s", "server.answer_most_s", "server.write_s"),
    *(
        "quiet_step_s",
        "busy_step_s",
        "batch_most",
        "venue_restarts.pause_first_s",
        "venue_restarts.failures_within_s",
        "venue_restarts.pause_spent_s",
    ),
)
"""Ends of the names of numbers that something waits for, or takes, over and over."""
A_VENUES_OWN = ("network.connect_s", "signing.timeout_s")
"""Limits that every venue's section says for itself."""


class ConfigError(UserError):
    """A configuration cannot be used; the text names the file, the field and the remedy."""


class Section(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base of configuration sections."""


class RunSection(Section, frozen=True, kw_only=True):
    """The run as a whole. `state_directory` keeps what all runs of a user share; "" is the system's place for it."""

    mode: Literal["paper", "sandbox", "shadow", "live"]
    seed: int = 1
    runs_directory: str = "runs"
    state_directory: str = ""


class MarketSection(Section, frozen=True, kw_only=True):
    """The world of the simulated venues: made from the seed, or read from a recording."""

    kind: Literal["seeded", "recorded"] = "seeded"
    file: str = ""


class InstrumentSection(Section, frozen=True, kw_only=True):
    """One instrument of a simulated venue. `tick` is for venues with a fixed tick, `size_decimals` for Hyperliquid."""

    max_leverage: int
    tick: Decimal | None = None
    lot: Decimal | None = None
    size_decimals: int | None = None


class SignMarketSection(Section, frozen=True, kw_only=True):
    """What one order may open in one market, in single tokens; an order counts for its share of it at the least.

    `market` is the venue's own number of it (Hyperliquid, Lighter, Drift), `size_decimals` those of Lighter's sizes.
    """

    size_most: Decimal
    market: int | None = None
    size_decimals: int | None = None


class NetworkSection(Section, frozen=True, kw_only=True):
    """Where a venue is reached, and which key signs for it there, with the signing process's own caps.

    `key_file` names the file; a key itself is never in a profile. `account` is the one it must sign for; a simulated
    venue tells its own. `routes` are further hosts by path prefix. `access_key_file` names the file with the access
    key that the venue is shown to know the account by, at `url` and `stream_url` alone; empty for none.
    What was opened within the hour is kept beside `key_file`. Nothing is opened in a market that is not in
    `sign_markets`; with `sign_any_market`, for venues without real money, the caps in USD alone bind there.

    `perp2perp flatten` signs with the key in `flatten_key_file`, and with the engine's where that is empty;
    `flatten_adapter` holds the adapter's settings that differ for that key (Lighter: `api_key_index`).
    """

    url: str
    stream_url: str
    account: str = ""
    key_file: str
    password_file: str = ""
    access_key_file: str = ""
    flatten_key_file: str = ""
    flatten_password_file: str = ""
    flatten_adapter: dict[str, Any] = msgspec.field(default_factory=dict)
    sign_order_most_usd: Decimal
    sign_hour_most_usd: Decimal
    sign_markets: dict[str, SignMarketSection] = msgspec.field(default_factory=dict)
    sign_any_market: bool = False
    sign_timeout_s: float = 2.0
    connect_timeout_s: float = 5.0
    routes: dict[str, str] = msgspec.field(default_factory=dict)


class VenueSection(Section, frozen=True, kw_only=True):
    """One venue: the account's deposit and leverage, what the simulator lists, how it moves and answers.

    `adapter` holds the fields of that venue's adapter settings which are not to be the default; `network` is for
    every mode but paper.
    """

    deposit_usd: Decimal = Decimal(50_000)
    leverage: int = 3
    adapter: dict[str, Any] = msgspec.field(default_factory=dict)
    network: NetworkSection | None = None
    crowd_accounts_per_asset: int = 0
    pace: Pace = Pace()
    instruments: dict[str, InstrumentSection] = msgspec.field(default_factory=dict)


class JournalSection(Section, frozen=True, kw_only=True):
    """How the journal is kept. `spare_directory` takes what follows when the run's disk fails; "" is `spare` in the
    state directory, since what lies there must outlive a restart of the machine."""

    fsync: bool = True
    head_every_s: float = 0.2
    spare_directory: str = ""


class Config(Section, frozen=True, kw_only=True):
    """A whole profile."""

    run: RunSection
    market: MarketSection = MarketSection()
    venues: dict[Venue, VenueSection]
    journal: JournalSection = JournalSection()
    engine: EngineLimits = EngineLimits()
    sequencer: Limits = Limits()
    network: NetworkLimits = NetworkLimits()
    signing: SigningSettings = SigningSettings()
    server: ServerLimits = ServerLimits()
    venue_restarts: RestartLimits = RestartLimits()
    flatten: FlattenSettings = FlattenSettings()
    policy: Policy = Policy()
    faults: str = ""
    """Path of a fault plan for the simulated venues; empty for none."""

    @property
    def state(self) -> Path:
        """The directory for what must outlive a run and the machine's restart. Raises UserError without a home."""
        return state_directory(self.run.state_directory)

    @property
    def spare(self) -> Path:
        """The directory for spare journals. Raises UserError without a home."""
        named = self.journal.spare_directory
        return Path(named).expanduser() if named else self.state / "spare"


def load(path: Path) -> Config:
    """Read and check a profile; raises ConfigError."""
    try:
        text = path.read_bytes()
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read ({error.strerror}); name an existing TOML file") from error
    try:
        config = msgspec.toml.decode(text, type=Config)
    except msgspec.ValidationError as error:
        raise ConfigError(f"{path}: {_explain(str(error))}") from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: is not valid TOML ({error}); correct the line it names") from error
    problems = list(problems_of(config))
    if problems:
        raise ConfigError(f"{path}: " + "; ".join(problems))
    return config


def _explain(text: str) -> str:
    """msgspec's message with the field's path in front and a remedy behind."""
    what, _, where = text.partition(" - at `$")
    field = where.rstrip("`").lstrip(".") or "the top level"
    remedy = "remove or rename it" if "unknown field" in what else "give it a value of that kind"
    return f"{field}: {what}; {remedy} (see config/paper.toml for all fields)"


def problems_of(config: Config) -> Iterator[str]:
    """Every impossible limit, as a sentence naming field, value and remedy."""
    for path, value in _numbers(config, "config"):
        name = path.removeprefix("config.")
        if not math.isfinite(value):
            yield f"{name} is {value}; give a finite number"
            return
        if value < 0 and name != "run.seed":
            yield f"{name} is {value}; a limit cannot be negative"
        if not value and name.endswith(NEVER_ZERO):
            yield f"{name} is 0, and the engine would never come past it; give a positive number"
    if config.run.state_directory and not Path(config.run.state_directory).expanduser().is_absolute():
        yield f"run.state_directory is {config.run.state_directory}; engines must meet there: give a whole path"
    if config.market.kind == "recorded" and not config.market.file:
        yield "market.kind is recorded, but market.file is empty; name a recording or say seeded"
    if config.run.mode == "live":
        yield from live_problems(config.policy)
    yield from policy_problems(config.policy)
    yield from _bound_problems(config)
    yield from _venue_problems(config)


def _bound_problems(config: Config) -> Iterator[str]:
    """What is a venue's own, said for all of them, would be told and not used."""
    if config.network.connect_s != NetworkLimits().connect_s:
        yield "network.connect_s is each venue's own; set venues.*.network.connect_timeout_s instead"
    if config.signing.timeout_s != SigningSettings().timeout_s:
        yield "signing.timeout_s is each venue's own; set venues.*.network.sign_timeout_s instead"


def _venue_problems(config: Config) -> Iterator[str]:
    if len(dict.fromkeys(config.policy.scanner.venues)) < 2:
        yield "policy.scanner.venues names fewer than two venues; a pair needs two"
    for venue in config.policy.scanner.venues:
        if venue not in config.venues:
            yield f"policy.scanner.venues names {venue.value}, but there is no [venues.{venue.value}]; add it"
    for venue, section in config.venues.items():
        if not 1 <= section.leverage <= LEVERAGE_MOST:
            yield f"venues.{venue.value}.leverage is {section.leverage}; between 1 and {LEVERAGE_MOST}"
        if section.deposit_usd <= 0:
            yield f"venues.{venue.value}.deposit_usd is {section.deposit_usd}; give a positive amount"
        if section.pace.latency_least_s > section.pace.latency_most_s:
            yield f"venues.{venue.value}.pace.latency_least_s is above latency_most_s; swap them"
        yield from _instrument_problems(venue, section)
        yield from _adapter_problems(venue, section)
        yield from _network_problems(venue, section, config)
        for asset in config.policy.scanner.assets:
            if asset not in section.instruments and venue in config.policy.scanner.venues:
                yield f"policy.scanner.assets names {asset}, not in venues.{venue.value}.instruments; add or drop it"


def _instrument_problems(venue: Venue, section: VenueSection) -> Iterator[str]:
    needed = ("size_decimals",) if venue is Venue.HYPERLIQUID else ("tick", "lot")
    for asset, instrument in section.instruments.items():
        for field in needed:
            if getattr(instrument, field) is None:
                yield f"venues.{venue.value}.instruments.{asset} has no {field}; add it"
        for field in ("tick", "lot", "max_leverage"):
            if getattr(instrument, field) == 0:
                yield f"venues.{venue.value}.instruments.{asset}.{field} is 0; give a positive number"


def _adapter_problems(venue: Venue, section: VenueSection) -> Iterator[str]:
    from engine.venues.registry import problem_with

    problem = problem_with(venue, min(section.leverage, LEVERAGE_MOST), section.adapter)
    if problem:
        where = f"engine/venues/{venue.value}/settings.py"
        yield f"venues.{venue.value}.adapter: {problem}; the fields are those of {where}"
    if "identified" in section.adapter:
        yield f"venues.{venue.value}.adapter.identified follows from network.access_key_file; leave it out"


def _network_problems(venue: Venue, section: VenueSection, config: Config) -> Iterator[str]:
    from engine.venues.loopback import is_loopback
    from engine.venues.registry import access_header

    if config.run.mode == "paper" or venue not in config.policy.scanner.venues:
        return
    network = section.network
    if network is None:
        yield f"there is no [venues.{venue.value}.network], which run.mode {config.run.mode!r} needs; add it"
        return
    if network.access_key_file and not access_header(venue):
        yield f"venues.{venue.value}.network.access_key_file: {venue.value} knows no access keys; leave it out"
    for name, url in (("url", network.url), ("stream_url", network.stream_url), *network.routes.items()):
        if config.run.mode == "sandbox" and not is_loopback(urlsplit(url).hostname or ""):
            yield f"venues.{venue.value}.network.{name} is {url}; a sandbox is on this machine: use 127.0.0.1"
    yield from _sign_market_problems(venue, network, config)
    yield from _flatten_problems(venue, section, network)


def _flatten_problems(venue: Venue, section: VenueSection, network: NetworkSection) -> Iterator[str]:
    """A key whose number the adapter does not know would be refused when it is needed most."""
    from engine.venues.registry import problem_with

    where = f"venues.{venue.value}.network.flatten_adapter"
    chosen = {**section.adapter, **network.flatten_adapter}
    problem = problem_with(venue, min(section.leverage, LEVERAGE_MOST), chosen)
    if problem:
        yield f"{where}: {problem}"
    own = network.flatten_adapter.get("api_key_index")
    if venue is Venue.LIGHTER and network.flatten_key_file and own in (None, section.adapter.get("api_key_index")):
        yield f"{where} has no api_key_index of its own; name the number of the API key in flatten_key_file"


def _sign_market_problems(venue: Venue, network: NetworkSection, config: Config) -> Iterator[str]:
    """A size that only one venue of a pair signs for would leave the other venue's leg alone."""
    from engine.signing.markets import market_cap

    where = f"venues.{venue.value}.network.sign_"
    for asset, terms in network.sign_markets.items():
        try:
            market_cap(venue, asset, terms.size_most, terms.market, terms.size_decimals)
        except ValueError as error:
            yield f"{where}markets.{asset}: {error}"
        least = min(_sizes_most(asset, config), default=terms.size_most)
        if terms.size_most > least:
            yield f"{where}markets.{asset}.size_most is {terms.size_most}, elsewhere {least}; both legs are of one size"
    if network.sign_any_market and config.run.mode != "sandbox":
        yield f"{where}any_market is true; where there is money every market has a cap of its own: say false"
    for asset in () if network.sign_any_market else _assets_signed_for(config):
        if asset not in network.sign_markets:
            yield f"{where}markets has no {asset}, which is traded or signed for elsewhere; add it or drop that"


def _markets_signed_for(config: Config) -> Iterator[dict[str, SignMarketSection]]:
    for venue in config.policy.scanner.venues:
        network = config.venues[venue].network if venue in config.venues else None
        if network is not None:
            yield network.sign_markets


def _assets_signed_for(config: Config) -> tuple[str, ...]:
    capped = (asset for markets in _markets_signed_for(config) for asset in markets)
    return tuple(dict.fromkeys((*config.policy.scanner.assets, *capped)))


def _sizes_most(asset: str, config: Config) -> Iterator[Decimal]:
    return (markets[asset].size_most for markets in _markets_signed_for(config) if asset in markets)


def _numbers(part: Any, path: str) -> Iterator[tuple[str, Decimal | float | int]]:
    """Every number below a part of the configuration, with its path."""
    if isinstance(part, msgspec.Struct):
        for name in part.__struct_fields__:
            yield from _numbers(getattr(part, name), f"{path}.{name}")
    elif isinstance(part, dict):
        for key, value in part.items():
            yield from _numbers(value, f"{path}.{key}")
    elif isinstance(part, Decimal | float | int) and not isinstance(part, bool):
        yield path, part


def defaults_used(path: Path) -> Iterator[tuple[str, object]]:
    """Every limit a profile does not set, with the default that stands in for it."""
    given = tomllib.loads(path.read_text())
    parts = (Policy(), EngineLimits(), Limits(), RestartLimits(), NetworkLimits(), SigningSettings(), ServerLimits())
    names = ("policy", "engine", "sequencer", "venue_restarts", "network", "signing", "server")
    for name, part in (*zip(names, parts, strict=True), ("flatten", FlattenSettings())):
        yield from (each for each in _unset(given.get(name, {}), part, name) if each[0] not in A_VENUES_OWN)


def _unset(given: dict[str, Any], part: msgspec.Struct, path: str) -> Iterator[tuple[str, object]]:
    for name in part.__struct_fields__:
        value = getattr(part, name)
        if isinstance(value, msgspec.Struct):
            yield from _unset(given.get(name, {}), value, f"{path}.{name}")
        elif name not in given:
            yield f"{path}.{name}", value


def digest(config: Config) -> str:
    """Digest of what the configuration says of a run, wherever the file lies, wherever its runs go, and whatever
    flattens them or serves simulated venues."""
    replace = msgspec.structs.replace
    venues = {venue: _without_flattener(section) for venue, section in config.venues.items()}
    run = replace(config.run, runs_directory="", state_directory="")
    neutral = replace(config, run=run, venues=venues, flatten=FlattenSettings(), server=ServerLimits())
    return hashlib.sha256(msgspec.json.encode(neutral, order="deterministic")).hexdigest()[:32]


def _without_flattener(section: VenueSection) -> VenueSection:
    if section.network is None:
        return section
    network = msgspec.structs.replace(
        section.network, flatten_key_file="", flatten_password_file="", flatten_adapter={}
    )
    return msgspec.structs.replace(section, network=network)


def refuse_unready(config: Config) -> None:
    """Raise ConfigError for the profiles that need what is not there yet."""
    missing = not_there_yet(config)
    if missing:
        raise ConfigError(
            f"run.mode is {config.run.mode!r}, which needs {missing}: not in this version. "
            "Use config/paper.toml (simulated venues) or config/sandbox.toml (the same over sockets)."
        )


def not_there_yet(config: Config) -> str:
    """What this version lacks for the profile's mode; empty when it can run."""
    return {
        "shadow": "live market data over the network with simulated fills",
        "live": "the venues' test networks passed first",
    }.get(config.run.mode, "")


# --- options of the command line ---------------------------------------------------------------------------

SPEED_MOST = 200
"""Faster than this a request's timeout passes while it is being worked on; `max` has no such limit."""
UNITS_S = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}


def parse_duration(text: str, option: str = "--duration") -> float:
    """Seconds in 90s, 30m, 12h, 7d or 3w; raises ConfigError, which names the option."""
    number, unit = text[:-1], text[-1:]
    how = "give a positive number and a unit, such as 90s, 30m, 12h, 7d or 3w"
    try:
        seconds = float(number) * UNITS_S[unit]
    except (ValueError, KeyError):
        raise ConfigError(f"{option} {text!r} is not a time; {how}") from None
    if not 0 < seconds <= DURATION_MOST_S:
        why = "longer than ten years" if seconds > 0 else "no time that could pass"
        raise ConfigError(f"{option} {text!r} is {why}; {how}")
    return seconds


def parse_speed(text: str) -> float | None:
    """None for max, else the multiple of real time; raises ConfigError."""
    if text == "max":
        return None
    try:
        speed = float(text)
    except ValueError:
        raise ConfigError(f"--speed {text!r}: give max, or a multiple of real time such as 1 or 60") from None
    if not 0 < speed <= SPEED_MOST:
        raise ConfigError(f"--speed {text!r}: give max, or a positive multiple of real time up to {SPEED_MOST}")
    return speed


def with_options(
    config: Config,
    *,
    seed: int | None = None,
    duration: str | None = None,
    after: str | None = None,
    market: Path | None = None,
    faults: Path | None = None,
    assets: str | None = None,
    venues: str | None = None,
) -> Config:
    """The profile with the command line's options in place; raises ConfigError."""
    replace = msgspec.structs.replace
    if seed is not None:
        config = replace(config, run=replace(config.run, seed=seed))
    if duration is not None or after is not None:
        seconds = parse_duration(after, "--after") if after is not None else parse_duration(duration or "")
        lifecycle = replace(config.policy.lifecycle, duration_s=seconds)
        config = replace(config, policy=replace(config.policy, lifecycle=lifecycle))
    if market is not None:
        config = replace(config, market=MarketSection(kind="recorded", file=str(market)))
    if faults is not None:
        config = replace(config, faults=str(faults))
    if assets is not None:
        named = tuple(name.strip() for name in assets.split(",") if name.strip())
        if not named:
            raise ConfigError("--assets is empty; name assets as in BTC,ETH, or all")
        scanner = replace(config.policy.scanner, assets=named)
        config = replace(config, policy=replace(config.policy, scanner=scanner))
    if venues is not None:
        scanner = replace(config.policy.scanner, venues=_venues_named(venues, config))
        config = replace(config, policy=replace(config.policy, scanner=scanner))
    return config


def _venues_named(text: str, config: Config) -> tuple[Venue, ...]:
    names = tuple(dict.fromkeys(name.strip() for name in text.split(",") if name.strip()))
    there_are = [venue.value for venue in config.venues]
    if len(names) < 2 or any(name not in there_are for name in names):
        raise ConfigError(f"--venues {text!r}: name two or more of {', '.join(there_are)}, with commas")
    return tuple(Venue(name) for name in names)
