"""A handful of Drift accounts made by driftpy's own coder, and rooms fed with them: no node, no network."""

from __future__ import annotations

import base64
import dataclasses
import hashlib
import io
from functools import cache
from keyword import kwlist

from engine.venues.drift.sdk_accounts import Accounts
from engine.venues.drift.sdk_coder import coder_of
from engine.venues.drift.settings import DriftProgram
from engine.venues.drift.signing import DriftSigner
from engine.venues.drift.values import Reading
from engine.venues.drift.wire import PROGRAM_ID, USDC_MINT, AccountInfo

SIGNER = DriftSigner(bytes(range(32)))
OTHER = DriftSigner(bytes(range(64, 96)))
BLOCKHASH = "EkSnNWid2cvwEVnVx9aBqawnmiCNiDgp3gUdkDPTKN1N"
ORACLE_BYTES = b"\x11" * 32


@cache
def layout(name: str):
    return coder_of("").accounts._accounts_layout[name]


def discriminator(kind: str, name: str) -> bytes:
    return hashlib.sha256(f"{kind}:{name}".encode()).digest()[:8]


def zero(name: str):
    """An account of zeros as the SDK's object, to be changed and encoded."""
    stream = io.BytesIO(bytes(10_000))
    layout(name).parse_stream(stream)
    return coder_of("").accounts.decode(discriminator("account", name) + bytes(stream.tell()))


def plain(value):
    """The SDK's dataclasses as dictionaries: its encoder cannot copy a public key."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = (field.name for field in dataclasses.fields(value))
        return {_spelled(name): plain(getattr(value, name)) for name in fields}
    if isinstance(value, list | tuple) and not hasattr(value, "_fields"):
        return [plain(each) for each in value]
    return value


def _spelled(name: str) -> str:
    return name[:-1] if name.endswith("_") and name[:-1] in kwlist else name


def encode(name: str, value) -> bytes:
    from anchorpy.program.common import NamedInstruction

    return coder_of("").accounts.build(NamedInstruction(data=plain(value), name=name))


def variant(enum: str, word: str):
    """One value of an enum of the IDL, as the coder writes it."""
    from anchorpy.coder import idl

    assert coder_of("")
    found = next(made for (name, _), made in idl._enums_cache.items() if name == enum)
    return getattr(found.enum, word)()


def encode_event(name: str, **changes) -> str:
    """An event of zeros with these fields changed, as a log line."""
    data = discriminator("event", name) + bytes(600)
    event = coder_of("").events.parse(data).data
    for key, value in changes.items():
        setattr(event, key, value)
    body = coder_of("").events.layouts[name].build(plain(event))
    return "Program data: " + base64.b64encode(discriminator("event", name) + body).decode()


def logs(*lines: str, program: str = PROGRAM_ID) -> tuple[str, ...]:
    return (f"Program {program} invoke [1]", *lines, f"Program {program} success")


def info(raw: bytes, owner: str = PROGRAM_ID) -> AccountInfo:
    return AccountInfo(data=(base64.b64encode(raw).decode(), "base64"), owner=owner, lamports=1)


class Chain:
    """SOL at 150 in market 0, a User with 10,000 USDC, and the rooms that read and build from them."""

    def __init__(self, *, base: int = 0, quote: int = 0, settled_at: int = 0) -> None:
        from driftpy.name import encode_name
        from driftpy.types import MarketStatus, OracleSource, SpotBalanceType
        from solders.pubkey import Pubkey

        self.accounts = Accounts(DriftProgram(), SIGNER.account, 0, (0,))
        self.oracle_key = Pubkey.from_bytes(ORACLE_BYTES)
        self.state = zero("State")
        tier = self.state.perp_fee_structure.fee_tiers[0]
        tier.fee_numerator, tier.fee_denominator = 35, 100_000
        tier.maker_rebate_numerator, tier.maker_rebate_denominator = 25, 1_000_000
        self.spot = zero("SpotMarket")
        self.spot.pubkey = self.accounts.spot_key
        self.spot.mint, self.spot.decimals = Pubkey.from_string(USDC_MINT), 6
        self.spot.cumulative_deposit_interest = self.spot.cumulative_borrow_interest = 10**10
        self.spot.initial_asset_weight = self.spot.maintenance_asset_weight = 10_000
        self.spot.oracle_source = OracleSource.QuoteAsset()
        self.perp = zero("PerpMarket")
        self.perp.name, self.perp.status = encode_name("SOL-PERP"), MarketStatus.Active()
        self.perp.pubkey = Pubkey.from_string(self.accounts.market_address(0))
        self.perp.margin_ratio_initial, self.perp.margin_ratio_maintenance = 500, 300
        amm = self.perp.amm
        amm.oracle, amm.oracle_source = self.oracle_key, OracleSource.PythLazer()
        amm.order_step_size, amm.order_tick_size, amm.min_order_size = 10_000_000, 100, 10_000_000
        amm.base_asset_reserve = amm.quote_asset_reserve = amm.sqrt_k = 10**15
        amm.peg_multiplier, amm.last_funding_oracle_twap = 150_000_000, 150_000_000
        amm.cumulative_funding_rate_long = amm.cumulative_funding_rate_short = settled_at
        self.oracle = zero("PythLazerOracle")
        self.oracle.price, self.oracle.exponent, self.oracle.posted_slot = 15_000_000_000, -8, 7
        self.user = zero("User")
        self.user.authority, self.user.next_order_id = self.accounts.authority, 1
        cash = self.user.spot_positions[0]
        cash.scaled_balance, cash.balance_type = 10_000 * 10**9, SpotBalanceType.Deposit()
        held = self.user.perp_positions[0]
        held.base_asset_amount, held.quote_asset_amount, held.quote_entry_amount = base, quote, quote
        held.last_cumulative_funding_rate = settled_at
        self.stats = zero("UserStats")

    def infos(self) -> dict[str, AccountInfo]:
        accounts = self.accounts
        return {
            str(accounts.user_key): info(encode("User", self.user)),
            str(accounts.stats_key): info(encode("UserStats", self.stats)),
            str(accounts.state_key): info(encode("State", self.state)),
            str(accounts.spot_key): info(encode("SpotMarket", self.spot)),
            accounts.market_address(0): info(encode("PerpMarket", self.perp)),
            str(self.oracle_key): info(encode("PythLazerOracle", self.oracle)),
        }

    def read(self, slot: int = 10) -> Reading:
        """The accounts as they are now, read in rounds as the adapter does."""
        infos = self.infos()
        known = tuple(address for address in self.accounts.wanted() if address in infos)
        self.accounts.absorb({address: infos[address] for address in known})
        if self.accounts.missing():
            self.accounts.absorb({address: infos[address] for address in self.accounts.missing()})
        return self.accounts.reading(slot)
