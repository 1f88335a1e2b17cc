"""What the operator decides about a signing process. Caps are in `law`, keys in files named beside them."""

from __future__ import annotations

import msgspec


class SigningSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Bounds of the engine's end.

    `start_timeout_s` includes the time a person takes to type the password. A late signature is dropped: whoever
    asked has been told that nothing was signed.
    """

    timeout_s: float = 1.0
    start_timeout_s: float = 120.0
    stop_timeout_s: float = 2.0
    restarts_most: int = 3
    restart_pause_s: float = 1.0
    waiting_most: int = 256
