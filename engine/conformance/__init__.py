"""One list of dialogues that every venue passes: against its simulator, in memory or over a socket, and against a
test network with a cap on size. Adapters are the ones the engine trades with; nothing here knows a venue's wire."""

from engine.conformance.dialogues import DIALOGUES, Dialogue, Lever
from engine.conformance.kit import Verdict, conform
from engine.conformance.meddler import Meddler
from engine.conformance.stand import Levers, Stand, StandTerms

__all__ = ["DIALOGUES", "Dialogue", "Lever", "Levers", "Meddler", "Stand", "StandTerms", "Verdict", "conform"]
