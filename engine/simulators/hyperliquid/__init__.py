"""Hyperliquid's side of the wire, simulated: what its REST and WebSocket doors say around a pure `Exchange`.

Counterpart: `engine.venues.hyperliquid`, with which it shares `wire` and nothing else: two writers who do not
read each other's work check each other. The venue's own SDK client must work against it too.
"""

from engine.simulators.hyperliquid.face import HyperliquidFace
from engine.simulators.hyperliquid.knobs import FaceKnobs
from engine.simulators.hyperliquid.publisher import Pace
from engine.simulators.hyperliquid.rules import HYPERLIQUID_FEES, HYPERLIQUID_RULES, hyperliquid_instrument

__all__ = ["HYPERLIQUID_FEES", "HYPERLIQUID_RULES", "FaceKnobs", "HyperliquidFace", "Pace", "hyperliquid_instrument"]
