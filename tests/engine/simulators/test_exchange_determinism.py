import os
import subprocess
import sys

PROGRAM = """
import hashlib
from engine.simulators.exchange import *
from engine.simulators.market import SeededMarket
from engine.simulators.market.seeded import START_NS
from tests.engine.simulators.exchange_builders import D, BTC, SOL, FEES, order

market, digest = SeededMarket(5), hashlib.sha256()
venue = Exchange(rules=ExchangeRules(venue="pacifica"), instruments=(SOL, BTC), fees=FEES, seed=5,
                 crowd=CrowdSpec(accounts_per_asset=12))
venue.open_account("alice", D(50_000))
for step in range(600):
    at = START_NS + step * 300 * 10**9
    events = [e for a in ("BTC", "SOL") for e in venue.set_point(at, market.sample("pacifica", a, at))]
    events += venue.settle_funding(at)
    side = "buy" if step % 3 else "sell"
    events += venue.place(at, "alice", order(side, "0.05", asset="BTC"))
    events += venue.place(at, "alice", order("buy", "1", asset="SOL"))
    digest.update(repr(events).encode())
digest.update(repr(venue.account_view("alice")).encode() + repr(venue.ledger()).encode())
print(digest.hexdigest())
"""


def digest_under(hash_seed: str) -> str:
    environment = os.environ | {"PYTHONHASHSEED": hash_seed}
    done = subprocess.run([sys.executable, "-c", PROGRAM], env=environment, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def test_two_processes_with_different_hash_seeds_agree_bit_for_bit() -> None:
    first, second = digest_under("1"), digest_under("4242")
    assert len(first) == 64
    assert first == second
