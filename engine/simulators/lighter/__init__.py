"""The server side of Lighter's wire over a simulated exchange. Counterpart: `engine.venues.lighter`.

It shares the wire structs with the adapter, but neither codec nor signing: each side is checked by the other.
"""

from engine.simulators.lighter.credentials import LighterAccount
from engine.simulators.lighter.face import LighterFace
from engine.simulators.lighter.knobs import PREMIUM, UNLIMITED, FaceKnobs
from engine.simulators.lighter.rules import (
    LIGHTER_FEES,
    LIGHTER_PREMIUM_FEES,
    LIGHTER_RULES,
    lighter_instrument,
)

__all__ = [
    "LIGHTER_FEES",
    "LIGHTER_PREMIUM_FEES",
    "LIGHTER_RULES",
    "PREMIUM",
    "UNLIMITED",
    "FaceKnobs",
    "LighterAccount",
    "LighterFace",
    "lighter_instrument",
]
