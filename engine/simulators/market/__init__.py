"""The price and funding world of the simulated venues: seeded or recorded, the same `Market` to everyone."""

from engine.simulators.market.history import FORMS, History, Span, read_history
from engine.simulators.market.played import Coverage, Played, Player, play
from engine.simulators.market.point import DepthLevel, Gap, Market, MarketPoint, Provenance
from engine.simulators.market.profile import AssetProfile, VenueProfile
from engine.simulators.market.recorded import RecordedMarket, open_market, recorded_venues
from engine.simulators.market.seeded import SeededMarket
from engine.simulators.market.shifted import ShiftedMarket
from engine.simulators.market.table import MarketFileError

__all__ = [
    "FORMS",
    "AssetProfile",
    "Coverage",
    "DepthLevel",
    "Gap",
    "History",
    "Market",
    "MarketFileError",
    "MarketPoint",
    "Played",
    "Player",
    "Provenance",
    "RecordedMarket",
    "SeededMarket",
    "ShiftedMarket",
    "Span",
    "VenueProfile",
    "open_market",
    "play",
    "read_history",
    "recorded_venues",
]
