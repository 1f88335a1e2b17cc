"""Requests to sign, key files, caps, and a signing process for tests."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

from actors.commands import RaiseAlarm
from actors.domain import Venue
from engine.keys import KeyFile, write_key_file
from engine.signing import Caps, MarketCap, SigningProcess, SigningSettings
from engine.venues.hyperliquid.signing import HyperliquidSignRequest
from engine.venues.pacifica.signing import PacificaSignRequest

PATIENT = SigningSettings(timeout_s=20.0, restart_pause_s=0.0)


MARKETS = {
    Venue.HYPERLIQUID: MarketCap(market="1", asset="ETH", unit=Decimal(1), size_most=Decimal(1_000_000)),
    Venue.PACIFICA: MarketCap(market="BTC", asset="BTC", unit=Decimal(1), size_most=Decimal(1_000_000)),
    Venue.LIGHTER: MarketCap(market="1", asset="BTC", unit=Decimal("0.00001"), size_most=Decimal(1_000_000)),
    Venue.DRIFT: MarketCap(market="0", asset="SOL", unit=Decimal("1e-9"), size_most=Decimal(1_000_000)),
}
"""Caps so wide that what is asked for below counts for its limit price times its size."""


def caps_for(key: KeyFile, **changes: Any) -> Caps:
    fields = {
        "venue": key.venue,
        "network": key.network,
        "account": key.account,
        "order_most_usd": Decimal(100),
        "hour_most_usd": Decimal(250),
        "markets": (MARKETS[key.venue],),
    }
    return Caps(**{**fields, **changes})


def pacifica_order(usd: str = "1", **changes: Any) -> PacificaSignRequest:
    payload = {
        "symbol": "BTC",
        "price": usd,
        "reduce_only": False,
        "amount": "1",
        "side": "bid",
        "tif": "IOC",
        "client_order_id": "12345678-1234-1234-1234-123456789abc",
        **changes,
    }
    return PacificaSignRequest(operation="create_order", payload=payload, timestamp_ms=1, expiry_window_ms=5000)


def hyperliquid_order(usd: str = "1", *, is_mainnet: bool = False, **changes: Any) -> HyperliquidSignRequest:
    line = {"a": 1, "b": True, "p": usd, "s": "1", "r": False, "t": {"limit": {"tif": "Ioc"}}, **changes}
    action = {"type": "order", "orders": [line], "grouping": "na"}
    return HyperliquidSignRequest(action=action, nonce=1, is_mainnet=is_mainnet)


class Stand:
    """One key file in a folder, and processes that read it; `alarms` is what they raised."""

    def __init__(self, folder: Path, key: KeyFile) -> None:
        folder.mkdir(mode=0o700, exist_ok=True)
        self.folder, self.key = folder, key
        self.path = folder / f"{key.venue.value}.key"
        write_key_file(self.path, key)
        self.alarms: list[RaiseAlarm] = []

    def process(self, settings: SigningSettings = PATIENT, **changes: Any) -> SigningProcess:
        own = {name: changes.pop(name) for name in ("password_path", "command") if name in changes}
        return SigningProcess(caps_for(self.key, **changes), self.path, self.alarms.append, settings, **own)
