"""Whatever is sent to the simulated Lighter, money and positions are conserved and the told trades add up to them."""

import json
import random

import msgspec
import pytest

from engine.simulators.exchange import CrowdSpec, FeeSchedule
from engine.simulators.lighter import UNLIMITED
from tests.engine.simulators.lighter_desk import (
    CANCEL,
    CANCEL_ALL,
    CREATE,
    GTT,
    IOC,
    LEVERAGE,
    ME,
    OTHER,
    POST_ONLY,
    D,
    Desk,
    token,
)

STEPS = 60
SEEDS = 30


def drawn(rng):
    """One step: mostly orders, on both sides of the market, often crossing, some too large."""
    account = rng.choice((ME, OTHER))
    kind = rng.choices(
        ("order", "cancel", "cancel_all", "leverage", "move", "wait", "adl", "liquidate"), (24, 4, 1, 2, 6, 6, 1, 1)
    )[0]
    match kind:
        case "order":
            tif, amount = rng.choice((IOC, GTT, POST_ONLY)), rng.choice((100, 5_000, 40_000, 40_000, 600_000))
            return kind, account, rng.randint(0, 1), tif, rng.randint(-40, 40), amount, rng.random() < 0.2
        case "cancel":
            return kind, account, rng.randint(1, 40)
        case "leverage":
            return kind, account, rng.choice((200, 500, 2000))
        case "move":
            return kind, rng.randint(-600, 600)
        case "wait":
            return kind, rng.choice((50, 250, 3_600_000))
        case _:
            return kind, account


class Crowd(Desk):
    """A desk that takes steps, and adds up what its accounts are told."""

    def __init__(self):
        super().__init__(
            msgspec.structs.replace(UNLIMITED, idle_most_s=10**7),
            fees=FeeSchedule(taker=D("0.00028"), maker=D("0.00004")),
            crowd=CrowdSpec(accounts_per_asset=2),
            deposit=20_000,
        )
        self.lines = {}
        for account in (ME, OTHER):
            self.lines[account] = self.face.connect(self.now_ns, "/stream")
            channel = {"type": "subscribe", "channel": f"account_all_trades/{account}", "auth": token(account)}
            self.say(self.lines[account], channel)
        self.sums = dict.fromkeys(self.lines, D(0))

    def step(self, kind, *about):
        getattr(self, f"step_{kind}")(*about)

    def step_order(self, account, ask, tif, offset, amount, reduce_only):
        expiry = 0 if tif == IOC else self.ahead_ms(86_400)
        price = int(self.market.mids["BTC"] * 10) + offset * 20
        fields = {"IsAsk": ask, "TimeInForce": tif, "OrderExpiry": expiry, "Price": price, "BaseAmount": amount}
        self.send(CREATE, self.order(account, **fields, ReduceOnly=int(reduce_only)))

    def step_cancel(self, account, index):
        self.send(CANCEL, self.info(account, MarketIndex=1, Index=index))

    def step_cancel_all(self, account):
        self.send(CANCEL_ALL, self.info(account, TimeInForce=0, Time=0))

    def step_leverage(self, account, fraction):
        self.send(LEVERAGE, self.info(account, MarketIndex=1, MarginMode=0, InitialMarginFraction=fraction))

    def step_move(self, by):
        self.market.mids["BTC"] += by
        self.wait(100)

    def step_wait(self, ms):
        self.wait(ms)

    def step_adl(self, account):
        self.face.publish(self.now_ns, self.exchange.deleverage(self.now_ns, str(account), "BTC", D("0.01")))

    def step_liquidate(self, account):
        self.face.publish(self.now_ns, self.exchange.liquidate(self.now_ns, str(account), "BTC"))

    def settle(self):
        """Add what was told to the sums."""
        for push in self.face.take_outbox():
            for account, line in self.lines.items():
                frame = json.loads(push.frame) if push.connection == line and push.frame else {}
                if frame.get("type") == "update/account_all_trades":
                    self.sums[account] += sum(
                        (D(trade["size"]) * (trade["bid_account_id"] == account) for trade in frame["trades"]["1"]),
                        D(0),
                    )
                    self.sums[account] -= sum(
                        (D(trade["size"]) * (trade["ask_account_id"] == account) for trade in frame["trades"]["1"]),
                        D(0),
                    )


def stream(seed):
    """A desk after a stream of random steps, checked after each."""
    rng, desk = random.Random(seed), Crowd()
    for step in (*(drawn(rng) for _ in range(STEPS)), ("wait", 1000)):
        desk.step(*step)
        for line in desk.lines.values():
            desk.say(line, {"type": "pong"})
        desk.settle()
        ledger = desk.exchange.ledger()
        assert ledger.value_usd == ledger.deposits_usd
        assert dict.fromkeys(ledger.net_size.values()) == {D(0): None}
    return desk


@pytest.mark.parametrize("seed", range(SEEDS))
def test_money_and_positions_are_conserved_and_told(seed):
    desk = stream(seed)
    for account in (ME, OTHER):
        (row,) = desk.ask("account", by="index", value=account)["accounts"]
        held = {position["market_id"]: position["sign"] * D(position["position"]) for position in row["positions"]}
        assert held.get(1, D(0)) == desk.size(account) == desk.sums[account]
        for order in (*desk.orders(account=account), *desk.orders("accountInactiveOrders", account)):
            rest = D(order["initial_base_amount"]) - D(order["filled_base_amount"])
            assert D(order["remaining_base_amount"]) == rest >= 0
            assert order["status"] != "filled" or rest == 0 or order["reduce_only"]


def test_the_random_streams_reach_what_matters():
    statuses, kinds = {}, {}
    for seed in range(SEEDS):
        desk = stream(seed)
        statuses |= {order["status"]: seed for order in desk.orders("accountInactiveOrders")}
        trades = desk.ask("trades", desk.auth(), account_index=ME, sort_by="timestamp", limit=100)["trades"]
        kinds |= {trade["type"]: seed for trade in trades}
    assert {"filled", "canceled", "canceled-post-only", "canceled-margin-not-allowed"} <= statuses.keys()
    assert {"canceled-self-trade", "canceled-reduce-only", "canceled-liquidation"} <= statuses.keys()
    assert kinds.keys() == {"trade", "liquidation", "deleverage"}
