"""The server side of Pacifica's wire over a simulated exchange. Counterpart: `engine.venues.pacifica`.

It shares the wire structs with the adapter, but neither codec nor signing: each side is checked by the other.
"""

from engine.simulators.pacifica.entry import FaceKnobs
from engine.simulators.pacifica.face import PacificaFace
from engine.simulators.pacifica.rules import PACIFICA_FEES, PACIFICA_RULES, pacifica_instrument

__all__ = ["PACIFICA_FEES", "PACIFICA_RULES", "FaceKnobs", "PacificaFace", "pacifica_instrument"]
