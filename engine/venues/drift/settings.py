"""What the operator decides about the Drift adapter and its signer. Keys are not settings: they are with the signer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

import msgspec

from actors.domain import Venue
from engine.venues.drift.wire import PROGRAM_ID, USDC_MINT, Commitment
from engine.venues.drift.wire_markets import PERP_MARKET_INDEXES
from engine.venues.link import LinkLimits
from engine.venues.lost_answers import LOST_ANSWERS

IDL_SHA256 = "5fe314cd10acd8bd70b15640b7eb0bc75cdba2dd85966c1fbe09e9616c4def83"
"""Of driftpy 0.8.89's idl/drift.json."""
Leverage = Annotated[int, msgspec.Meta(ge=1, le=3)]


class DriftProgram(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which program is traded and how its accounts are laid out.

    `idl_file` empty = the IDL of driftpy 0.8.89 (program 2.142; the last, 2.162, has accounts of the same sizes).
    The successor's IDL is of a newer Anchor and is refused by anchorpy-core 0.2 (tried 2026-11).
    """

    program_id: str = PROGRAM_ID
    idl_file: str = ""
    idl_sha256: str = IDL_SHA256
    """Digest of that file; the signer refuses another."""
    quote_mint: str = USDC_MINT
    settle_token: str = "USDC"


class TransactionLimits(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How transactions are paid for, sent and followed.

    `preflight`: the node simulates first, and what it refuses is proven not to be sent. The blockhash is taken at
    `finalized` by default (as driftpy does): it is some 30 slots old, so a lost transaction is dead that much sooner.
    """

    compute_units: int = 600_000
    priority_micro_lamports: int = 0
    fee_most_lamports: int = 1_000_000
    preflight: bool = True
    blockhash_commitment: Commitment = "finalized"
    blockhash_age_most_s: float = 5.0
    confirm_poll_s: float = 0.5
    patience_s: float = 8.0
    """After that long without a trace an order is reported as unresolved; it is still followed, less closely."""
    doubt_poll_s: float = 2.0
    death_check_after_s: float = 20.0
    """A block height is asked for only after that: no blockhash dies sooner."""
    follow_most_s: float = 150.0

    def __post_init__(self) -> None:
        """Raises ValueError when the priority fee alone would exceed the most that is allowed."""
        priority = self.compute_units * self.priority_micro_lamports // 1_000_000
        if priority >= self.fee_most_lamports:
            raise ValueError(f"a priority fee of {priority} lamports is not below fee_most_lamports")


class DriftSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`account` is the authority's public key (base58); `sub_account` the User account of it that trades.

    Drift has no leverage per market to set: an account holds what its margin ratios allow (a market's
    `margin_ratio_initial`). `leverage` is therefore only compared with what the market allows.
    `halted` not empty: the operator's own reason why nothing is opened here.
    """

    account: str
    delegate: str = ""
    """The public key that signs and pays, when it is not the account's own."""
    assets: tuple[str, ...]
    leverage: Leverage = 3
    sub_account: int = 0
    program: DriftProgram = DriftProgram()
    market_indexes: Mapping[str, int] = msgspec.field(default_factory=lambda: dict(PERP_MARKET_INDEXES))
    """By the venue's symbol (SOL-PERP)."""
    halted: str = ""
    commitment: Commitment = "confirmed"
    transactions: TransactionLimits = TransactionLimits()
    chain_clock_slack_s: float = LOST_ANSWERS[Venue.DRIFT].lands_most_s
    """How far the chain's clock may lag ours: an order without a trace is unknown only that long after its end."""
    request_timeout_s: float = 5.0
    requests_most: int = 100
    """JSON-RPC calls in any `requests_window_s`; a part is kept for what reduces risk. The node's provider sets it."""
    requests_window_s: float = 10.0
    requests_reserved: int = 30
    poll_quiet_s: float = 5.0
    polls_on_the_clock: bool = False
    """Whether quiet polls fall on whole steps of the clock (`engine.clock.whole_step_s`); else the last one counts."""
    polls_after_s: float = 1.0
    """Such polls fall so long after those steps."""
    poll_busy_s: float = 1.0
    """While an order of ours may be open."""
    poll_lost_s: float = 20.0
    """The link counts as lost after that long without a successful reading of the accounts."""
    account_told_every_s: float = 60.0
    quote_repeat_s: float = 1.0
    """A quote that has not changed is told again that often, as far as books of it come."""
    history_page_rows: int = 200
    history_pages_most: int = 20
    history_tries: int = 4
    """How often the history is read after the account has changed: a node may serve an account before its history."""
    backfill_overlap_s: float = 30.0
    """How far before the last word of an earlier process of the run the history is read."""
    book_depth: int = 10
    orders_remembered_most: int = 5_000
    ids_remembered_most: int = 50_000
    link: LinkLimits = LinkLimits(ping_every_s=20.0, silence_most_s=45.0)
    """The server's own heartbeat comes every 5 s."""
