"""Configuration: one complete TOML file a profile, no inheritance, every limit with its unit in its name.

Unknown fields, wrong types and impossible limits are refused with the field's path and the remedy. `sections` is the
form, `reading` reads and checks, `options` puts the command line's wishes into it, `in_force` lists every value.
"""

from __future__ import annotations

from engine.config.options import not_there_yet, parse_duration, parse_speed, refuse_unready, with_options
from engine.config.problems import problems_of
from engine.config.reading import defaults_used, digest, load
from engine.config.sections import (
    DEFAULT_CONFIG,
    ROOT,
    Config,
    ConfigError,
    InstrumentSection,
    JournalSection,
    MarketSection,
    NetworkSection,
    RunSection,
    Section,
    SignMarketSection,
    VenueSection,
)

__all__ = [
    "DEFAULT_CONFIG",
    "ROOT",
    "Config",
    "ConfigError",
    "InstrumentSection",
    "JournalSection",
    "MarketSection",
    "NetworkSection",
    "RunSection",
    "Section",
    "SignMarketSection",
    "VenueSection",
    "defaults_used",
    "digest",
    "load",
    "not_there_yet",
    "parse_duration",
    "parse_speed",
    "problems_of",
    "refuse_unready",
    "with_options",
]
