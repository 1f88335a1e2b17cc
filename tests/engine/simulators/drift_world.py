"""A small Drift for dialogues: a still market, an exchange, the face, and a client made of the venue's SDK coder."""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

from engine.simulators.drift import DRIFT_FEES, DRIFT_RULES, DriftFace, DriftKnobs, drift_instrument
from engine.simulators.exchange import Exchange
from engine.simulators.market import DepthLevel, Gap, MarketPoint, Provenance
from engine.venues.transport import HttpRequest

D = Decimal
NS_PER_S = 1_000_000_000
SLOT_NS = 400_000_000
HOUR_NS = 3600 * NS_PER_S
START_NS = 1_790_000_000_000_000_000 // HOUR_NS * HOUR_NS
COMPUTE = "ComputeBudget111111111111111111111111111111"


class StillMarket:
    """The same point for ever, until a test moves a mid. SOL 150, BTC 60 000, 4 bps wide, 1 and 5 deep."""

    assets = ("SOL-PERP", "BTC-PERP")
    start_ns = 0
    end_ns = None

    def __init__(self) -> None:
        self.mids = {"SOL-PERP": D(150), "BTC-PERP": D(60_000)}
        self.depth = (DepthLevel(bps=D(0), size=D(10)), DepthLevel(bps=D(10), size=D(500)))
        self.sells = D(0)

    def sample(self, venue: str, asset: str, at_ns: int) -> MarketPoint:
        return MarketPoint(
            at_ns=at_ns,
            venue=venue,
            asset=asset,
            mid=self.mids[asset],
            oracle=self.mids[asset],
            spread_bps=D(4),
            depth=self.depth,
            premium=D(0),
            open_interest=D(1000),
            taker_buy_per_s=D(0),
            taker_sell_per_s=self.sells,
        )

    def gaps(self) -> tuple[Gap, ...]:
        return ()

    def provenance(self) -> tuple[Provenance, ...]:
        return ()


def make_exchange() -> Exchange:
    return Exchange(
        rules=DRIFT_RULES,
        instruments=(
            drift_instrument("SOL-PERP", tick="0.0001", lot="0.01", max_leverage=20),
            drift_instrument("BTC-PERP", tick="0.1", lot="0.0001", max_leverage=20),
        ),
        fees=DRIFT_FEES,
    )


@cache
def sdk() -> Any:
    """The SDK's coder for its own IDL, and its parser of logs."""
    import driftpy
    from anchorpy import Coder
    from anchorpy_core.idl import Idl

    return Coder(Idl.from_json((Path(driftpy.__path__[0]) / "idl" / "drift.json").read_text()))


def read_account(raw: bytes) -> Any:
    """An account by the SDK's coder."""
    return sdk().accounts.decode(raw)


def parse_logs(logs: Sequence[str]) -> list[Any]:
    """Events of a transaction's logs by the SDK's parser."""
    from types import SimpleNamespace

    from driftpy.events.parse import parse_logs as parse

    return parse(SimpleNamespace(coder=sdk()), list(logs))  # type: ignore[arg-type]


def order(**changes: Any) -> Any:
    """OrderParams: buy 1 SOL at 150 and hold it open, unless said otherwise. Prices and sizes are decimals."""
    from driftpy.types import MarketType, OrderParams, OrderType, PositionDirection, PostOnlyParams

    side = PositionDirection.Long() if changes.pop("buy", True) else PositionDirection.Short()
    post_only = getattr(PostOnlyParams, changes.pop("post_only", "NONE"))()
    params = OrderParams(
        order_type=getattr(OrderType, changes.pop("order_type", "Limit"))(),
        market_type=getattr(MarketType, changes.pop("market_type", "Perp"))(),
        direction=side,
        base_asset_amount=int(D(changes.pop("size", "1")) * 10**9),
        price=int(D(changes.pop("price", "150")) * 10**6),
        market_index=changes.pop("market", 0),
        post_only=post_only,
        bit_flags=1 if changes.pop("ioc", False) else 0,
    )
    return replace(params, **changes)


class Desk:
    """A client of the face: builds, signs and sends transactions, reads accounts, reads logs."""

    def __init__(self, *, deposit: str = "10000", knobs: DriftKnobs | None = None, delegate: str = "") -> None:
        from solders.keypair import Keypair

        self.keys = Keypair.from_seed(bytes(range(32)))
        self.other = Keypair.from_seed(bytes(range(32, 64)))
        self.market = StillMarket()
        self.exchange = make_exchange()
        accounts = {str(key.pubkey()): D(deposit) for key in (self.keys, self.other)}
        self.account = str(self.keys.pubkey())
        delegates = {self.account: delegate} if delegate else {}
        self.face = DriftFace(self.exchange, self.market, accounts, delegates=delegates, knobs=knobs)
        self.now_ns = START_NS
        self.face.advance(self.now_ns)
        self.user_key = self.face.books.users[self.account].wallet.user

    # time

    def wait(self, seconds: float) -> None:
        self.now_ns += int(seconds * NS_PER_S)
        self.face.advance(self.now_ns)

    def slots(self, count: int) -> None:
        self.wait(count * SLOT_NS / NS_PER_S)

    # the node

    def call(self, method: str, *params: Any) -> Any:
        """The whole reply."""
        body = {"jsonrpc": "2.0", "id": 7, "method": method, "params": list(params)}
        return self.post(json.dumps(body).encode())

    def post(self, body: bytes) -> Any:
        reply = self.face.http(self.now_ns, HttpRequest(method="POST", path="/rpc", body=body))
        assert reply.status == 200
        return json.loads(reply.body)

    def ask(self, method: str, *params: Any) -> Any:
        """The result of a call that succeeds."""
        reply = self.call(method, *params)
        assert "error" not in reply, reply
        return reply["result"]

    def get(self, path: str, **query: str) -> Any:
        reply = self.face.http(self.now_ns, HttpRequest(method="GET", path=path, query=tuple(query.items())))
        return json.loads(reply.body) if reply.status == 200 else reply.status

    def raw(self, address: str, commitment: str = "processed") -> bytes:
        value = self.ask("getAccountInfo", address, {"encoding": "base64", "commitment": commitment})["value"]
        return base64.b64decode(value["data"][0])

    def read(self, address: str) -> Any:
        return read_account(self.raw(address))

    def user(self) -> Any:
        return self.read(self.user_key)

    def perp_market(self, index: int = 0) -> Any:
        return self.read(self.face.addresses.markets[index])

    def position(self, index: int = 0) -> Any:
        found = [held for held in self.user().perp_positions if held.base_asset_amount or held.quote_asset_amount]
        return next(held for held in found if held.market_index == index)

    def orders(self) -> list[Any]:
        return [each for each in self.user().orders if type(each.status).__name__ == "Open"]

    # transactions

    def instruction(self, name: str, args: dict[str, Any], *, key: Any = None, market: int = 0) -> Any:
        """One instruction of the program with its accounts."""
        from solders.instruction import AccountMeta, Instruction
        from solders.pubkey import Pubkey

        owner = str((key or self.keys).pubkey())
        wallet, addresses = self.face.books.users[owner].wallet, self.face.addresses
        named = [(addresses.state, False, False), (wallet.user, True, False)]
        named += [(wallet.stats, True, False)] if name == "place_and_take_perp_order" else []
        named += [(owner, False, True)]
        named += [(addresses.spot_vault, False, False)] if name == "settle_pnl" else []
        named += [(addresses.oracles[market], False, False), (addresses.spot_market, False, False)]
        named += [(addresses.markets[market], name != "place_perp_order", False)]
        metas = [AccountMeta(Pubkey.from_string(each), signer, writable) for each, writable, signer in named]
        data = sdk().instruction.encode(name, args)
        return Instruction(Pubkey.from_string(addresses.program), data, metas)

    def signed(self, *instructions: Any, key: Any = None, blockhash: str | None = None) -> Any:
        from solders.compute_budget import set_compute_unit_limit
        from solders.hash import Hash
        from solders.message import MessageV0
        from solders.transaction import VersionedTransaction

        signer = key or self.keys
        recent = blockhash or self.blockhash()["blockhash"]
        calls = [set_compute_unit_limit(600_000), *instructions]
        message = MessageV0.try_compile(signer.pubkey(), calls, [], Hash.from_string(recent))
        return VersionedTransaction(message, [signer])

    def blockhash(self, commitment: str = "confirmed") -> Any:
        return self.ask("getLatestBlockhash", {"commitment": commitment})["value"]

    def send(self, transaction: Any, **config: Any) -> Any:
        """The whole reply of sendTransaction."""
        text = base64.b64encode(bytes(transaction)).decode()
        return self.call("sendTransaction", text, {"encoding": "base64", "skipPreflight": True} | config)

    def land(self, *instructions: Any, key: Any = None) -> Any:
        """Send without preflight and wait until it has landed; its getTransaction."""
        signature = self.send(self.signed(*instructions, key=key))["result"]
        self.slots(1)
        return self.told(signature)

    def told(self, signature: str, commitment: str = "processed") -> Any:
        config = {"encoding": "json", "commitment": commitment, "maxSupportedTransactionVersion": 0}
        return self.ask("getTransaction", signature, config)

    def place(self, *, key: Any = None, **changes: Any) -> Any:
        params = order(**changes)
        call = self.instruction("place_perp_order", {"params": params}, key=key, market=params.market_index)
        return self.land(call, key=key)

    def take(self, *, condition: int | None = None, key: Any = None, **changes: Any) -> Any:
        """An IOC by place_and_take."""
        params = order(**({"ioc": True} | changes))
        args = {"params": params, "success_condition": condition}
        market = params.market_index
        return self.land(self.instruction("place_and_take_perp_order", args, key=key, market=market), key=key)

    def cancel(self, name: str = "cancel_orders", **args: Any) -> Any:
        empty = {"market_type": None, "market_index": None, "direction": None} if name == "cancel_orders" else {}
        return self.land(self.instruction(name, empty | args))

    def settle(self, market: int = 0) -> Any:
        return self.land(self.instruction("settle_pnl", {"market_index": market}, market=market))

    def history(self, address: str | None = None, **config: Any) -> Any:
        return self.ask("getSignaturesForAddress", address or self.user_key, {"commitment": "processed"} | config)

    def newest_events(self) -> list[Any]:
        """What the newest transaction about our user logged."""
        return parse_logs(self.told(self.history(limit=1)[0]["signature"])["meta"]["logMessages"])


def events(transaction: Any) -> list[Any]:
    """What a landed transaction logged."""
    return parse_logs(transaction["meta"]["logMessages"])


def names(transaction: Any) -> list[str]:
    """Its events as words: `Place`, `Fill`, `OrderRecord`..."""
    return [word(event) for event in events(transaction)]


def word(event: Any) -> str:
    return type(event.data.action).__name__ if event.name == "OrderActionRecord" else str(event.name)


def code(transaction: Any) -> int | None:
    """The program's error number; None when it succeeded."""
    error = transaction["meta"]["err"]
    return None if error is None else int(error["InstructionError"][1]["Custom"])
