"""Who signed an action: the SDK's own recovery, and the venue's rules for nonces.

The SDK is imported when the first signature is checked, for it takes half a second.
"""

from __future__ import annotations

from bisect import bisect_left
from typing import Any

NONCES_KEPT = 100
DAY_MS = 86_400_000
OLDEST_MS = 2 * DAY_MS
NEWEST_MS = DAY_MS
"""HL docs, "Nonces and API wallets", 2025-11."""


def recover_signer(
    action: Any, signature: Any, nonce: int, expires_after: int | None, *, is_mainnet: bool
) -> str | None:
    """The address that signed, lower case; None when nothing can be recovered.

    A wrong payload recovers some other address: `action` must have its keys in the order received.
    """
    from eth_keys.exceptions import BadSignature
    from eth_utils.exceptions import ValidationError
    from hyperliquid.utils.signing import recover_agent_or_user_from_l1_action

    try:
        address: str = recover_agent_or_user_from_l1_action(action, signature, None, nonce, expires_after, is_mainnet)
    except (BadSignature, ValidationError, ValueError, TypeError, KeyError):
        return None
    return address.lower()


class NonceWindows:
    """Each signer's 100 highest nonces: a new one must be unused, above their minimum, and near our time."""

    def __init__(self) -> None:
        self._kept: dict[str, list[int]] = {}

    def refuse(self, signer: str, nonce: int, now_ms: int) -> str | None:
        """The venue's text when the nonce must not be used; otherwise it is used up."""
        kept = self._kept.setdefault(signer, [])
        lowest = max(now_ms - OLDEST_MS, kept[0] if len(kept) == NONCES_KEPT else 0)
        place = bisect_left(kept, nonce)
        if place < len(kept) and kept[place] == nonce:
            return f"Invalid nonce: duplicate nonce {nonce}"
        if nonce <= lowest:
            return f"Invalid nonce: nonce too low {nonce} < {lowest}"
        if nonce >= now_ms + NEWEST_MS:
            return f"Invalid nonce: nonce too high {nonce} > {now_ms + NEWEST_MS}"
        kept.insert(place, nonce)
        del kept[:-NONCES_KEPT]
        return None
