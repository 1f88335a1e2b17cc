"""The price and funding world of the simulated venues: seeded or recorded, the same `Market` to everyone."""

from engine.simulators.market.point import DepthLevel, Gap, Market, MarketPoint, Provenance
from engine.simulators.market.profile import AssetProfile, VenueProfile
from engine.simulators.market.recorded import RecordedMarket, open_market, recorded_venues
from engine.simulators.market.seeded import SeededMarket
from engine.simulators.market.shifted import ShiftedMarket
from engine.simulators.market.table import MarketFileError

__all__ = [
    "AssetProfile",
    "DepthLevel",
    "Gap",
    "Market",
    "MarketFileError",
    "MarketPoint",
    "Provenance",
    "RecordedMarket",
    "SeededMarket",
    "ShiftedMarket",
    "VenueProfile",
    "open_market",
    "recorded_venues",
]
