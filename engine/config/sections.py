"""The form of a profile: its sections and fields, and the ConfigError with which a bad one is refused.

Counterparts: `reading`, which reads a file into it; `problems`, which says what is impossible in it.
"""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any, Literal

import msgspec

from actors.domain import Venue
from actors.policy import Policy
from engine.errors import UserError
from engine.flatten.settings import FlattenSettings
from engine.limits import EngineLimits, Limits
from engine.restarts import RestartLimits
from engine.signing.settings import SigningSettings
from engine.simulators.server.limits import ServerLimits
from engine.simulators.transport import Pace
from engine.state_directory import state_directory
from engine.venues.network.limits import NetworkLimits

ROOT = Path(__file__).resolve().parents[2]
DEFAULT_CONFIG = ROOT / "config" / "paper.toml"


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
