"""The sandbox: simulated venues on loopback ports, with throw-away accounts and their key files (`simulate`).

`serving` runs it, `places` says where, `keys` writes its key files, `lock` lets one process at a time use them.
Counterpart: `engine.doors.sandbox`, which finds out from the engine's side what it is.
"""

from engine.sandbox.lock import KeysInUse
from engine.sandbox.places import FIRST_PORT, KEYS
from engine.sandbox.serving import (
    SandboxRequest,
    Site,
    Tally,
    brought_to_today,
    chosen_venues,
    pace_of,
    run,
    sites_table,
    tallies_table,
)

__all__ = [
    "FIRST_PORT",
    "KEYS",
    "KeysInUse",
    "SandboxRequest",
    "Site",
    "Tally",
    "brought_to_today",
    "chosen_venues",
    "pace_of",
    "run",
    "sites_table",
    "tallies_table",
]
