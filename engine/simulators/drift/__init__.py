"""The server side of Drift's wire over a simulated exchange. Counterpart: `engine.venues.drift`.

It shares the wire structs with the adapter, but neither codec nor signing: each side is checked by the other, and both
by the venue's SDK.
"""

from engine.simulators.drift.face import DriftFace
from engine.simulators.drift.knobs import DriftKnobs
from engine.simulators.drift.rules import DRIFT_FEES, DRIFT_RULES, drift_instrument

__all__ = ["DRIFT_FEES", "DRIFT_RULES", "DriftFace", "DriftKnobs", "drift_instrument"]
