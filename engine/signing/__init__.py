"""The signing process: one a venue, the only one that has read the venue's key, with a law of its own.

`process` (the engine's end) · `frames` (what goes over the socket) · `child` (the other end) · `law` (what it signs)
· `markets` (from the profile's words to the law's) · `hour_file` (what was opened, kept over a restart) · `venues`
(whose keys it knows) · `hardening` (what the process gives up). `python -m engine.signing` is the child.
"""

from engine.signing.law import Caps, MarketCap, Program
from engine.signing.markets import market_cap
from engine.signing.process import SigningFailed, SigningProcess
from engine.signing.settings import SigningSettings

__all__ = ["Caps", "MarketCap", "Program", "SigningFailed", "SigningProcess", "SigningSettings", "market_cap"]
