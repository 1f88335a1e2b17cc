"""What it costs that the engine does not hold the key: a signature from another process against one made here.

Both sign the same order with a throw-away key; over the process it is encoded, sent, judged by the law there, signed
and read back. Requests go one after the other: the figure is the delay that an order suffers.
"""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import trio

from actors.domain import Venue
from bench.ratios import Line, Scale, compare
from engine.keys import write_key_file
from engine.sandbox.keys import simulated_key
from engine.signing import Caps, SigningProcess
from engine.signing.venues import open_signer
from engine.venues.drift.signing import DriftSignRequest
from engine.venues.hyperliquid.signing import HyperliquidSignRequest
from engine.venues.lighter.signing_request import CreateOrder, LighterSignRequest
from engine.venues.lighter.wire import CHAIN_ID_TESTNET, TIF_IOC
from engine.venues.pacifica.signing import PacificaSignRequest
from engine.venues.signing import SignRequest

SEED = bytes(range(32))
PER_REACTIONS = 10
"""A signature takes about that many times longer than a reaction."""
PLENTY_USD = Decimal(10**12)

DRIFT_MESSAGE = (
    "gAEABQkDoQe/884Qvh1w3RjnS8CZZ+TWMJulDV8d3IZkElUxuDueXxo1Zghh8pewkVSI2B5dGsXTXgB68DW/OQ3f1FrnbwB9xBeu"
    "8gamlEHq3LaZuMqqSvkDUq1wkM++qfgfpGu/PVBO5AzB631P3U27AqQ4ZsWP+ga837yFu4co0qKSTAMGRm/lIRcy/+ytunLDm+e8"
    "jOW7xfcSayxDmzpAAAAACVTbvp7JYMmKeik/4hM2lm/hgNFRrkuBeVYfiYVKU/YRERERERERERERERERERERERERERERERERERER"
    "EREREUo+70sDyCpxWZ6gehbuS89tzjE1fYRgsqwb1MOphgydVF+jDqO8PzwpZtqLbD3++NOrfaV8oCMqVOSgJk//w8LMSQ6SjNLj"
    "hzuzQ/yV2jMXnKYPTb9GwsNukSmdVdTmuQMEAAUCwCcJAAQACQMAAAAAAAAAAAUHBwEDAAYIAjHVMwG7bNzm4AEBAAEAlDV3AAAA"
    "AIDR8AgAAAAAAAAAAAEBgDuxagAAAAAAAAAAAAAAAA=="
)
"""An order of the account that SEED makes (place_and_take_perp_order), as the adapter built it."""

REQUESTS: dict[Venue, SignRequest] = {
    Venue.HYPERLIQUID: HyperliquidSignRequest(
        action={
            "type": "order",
            "orders": [
                {
                    "a": 0,
                    "b": True,
                    "p": "89470",
                    "s": "0.1",
                    "r": False,
                    "t": {"limit": {"tif": "Ioc"}},
                    "c": "0x" + "1" * 32,
                }
            ],
            "grouping": "na",
        },
        nonce=1_767_225_600_000,
        is_mainnet=False,
        expires_after_ms=1_767_225_610_000,
    ),
    Venue.PACIFICA: PacificaSignRequest(
        operation="create_order",
        payload={
            "symbol": "BTC",
            "price": "89470",
            "reduce_only": False,
            "amount": "0.1",
            "side": "bid",
            "tif": "ALO",
            "client_order_id": "12345678-1234-1234-1234-123456789abc",
        },
        timestamp_ms=1_767_225_600_000,
        expiry_window_ms=5_000,
    ),
    Venue.LIGHTER: LighterSignRequest(
        chain_id=CHAIN_ID_TESTNET,
        body=CreateOrder(
            market_index=1,
            client_order_index=1,
            base_amount=10_000,
            price=894_700,
            is_ask=False,
            time_in_force=TIF_IOC,
            reduce_only=False,
            order_expiry=0,
            size_decimals=5,
            price_decimals=1,
            nonce=1,
        ),
    ),
    Venue.DRIFT: DriftSignRequest(message=DRIFT_MESSAGE, account=simulated_key(Venue.DRIFT, SEED).account),
}


def lines(scale: Scale) -> list[Line]:
    """One ratio a venue."""
    return [_line(venue, request, scale) for venue, request in REQUESTS.items()]


def _line(venue: Venue, request: SignRequest, scale: Scale) -> Line:
    times = max(1, scale.reactions // PER_REACTIONS)
    name = f"{venue.value} signature: other process / this one"
    with elsewhere(venue) as process:
        return compare(name, Elsewhere(process, request, times), Here(venue, request, times), scale.rounds)


class Here:
    """Signed in this process."""

    def __init__(self, venue: Venue, request: SignRequest, times: int) -> None:
        self._signer, _ = open_signer(simulated_key(venue, SEED))
        self._request, self._times = request, times

    def __call__(self) -> int:
        for _ in range(self._times):
            self._signer.sign(self._request)
        return self._times


class Elsewhere:
    """Signed in the other process, asked by a task of a trio that runs in a thread of its own."""

    def __init__(self, process: Running, request: SignRequest, times: int) -> None:
        self._process, self._request, self._times = process, request, times

    def __call__(self) -> int:
        trio.from_thread.run(self._ask, trio_token=self._process.token)
        return self._times

    async def _ask(self) -> None:
        for _ in range(self._times):
            await self.once()

    async def once(self) -> Any:
        """One signature."""
        return await self._process.signing.sign(self._request)


class Running:
    """A signing process, and the trio that speaks to it."""

    def __init__(self, venue: Venue, folder: Path) -> None:
        key = simulated_key(venue, SEED)
        write_key_file(folder / "key", key)
        caps = Caps(
            venue=venue,
            network="simulated",
            account=key.account,
            order_most_usd=PLENTY_USD,
            hour_most_usd=PLENTY_USD,
            any_market=True,
        )
        self.signing = SigningProcess(caps, folder / "key", print)
        self.token: trio.lowlevel.TrioToken | None = None
        self.begun = threading.Event()

    def run(self) -> None:
        """The thread."""
        try:
            trio.run(self._live)
        finally:
            self.begun.set()

    async def _live(self) -> None:
        async with self.signing:
            self.end = trio.Event()
            self.token = trio.lowlevel.current_trio_token()
            self.begun.set()
            await self.end.wait()


@contextmanager
def elsewhere(venue: Venue) -> Iterator[Running]:
    """A signing process for as long as it is measured."""
    with tempfile.TemporaryDirectory(prefix="perp2perp-bench-") as folder:
        running = Running(venue, Path(folder))
        thread = threading.Thread(target=running.run)
        thread.start()
        running.begun.wait()
        assert running.token is not None, "the signing process did not begin"
        try:
            yield running
        finally:
            running.token.run_sync_soon(running.end.set)
            thread.join()
