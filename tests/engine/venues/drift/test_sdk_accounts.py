"""Accounts recorded on mainnet, read to the SDK's own numbers; whatever is not what it should be is refused by name."""

from __future__ import annotations

import base64
import json
import math

import pytest

from engine.venues.drift.sdk_accounts import decode_native, user_value
from engine.venues.drift.sdk_coder import coder_of
from engine.venues.drift.wire import PROGRAM_ID
from engine.venues.link import FrameError
from tests.engine.venues.drift.chain import Chain, encode, info
from tests.shared import fixtures_root

ELSEWHERE = "11111111111111111111111111111111"


def recorded(kind: str) -> list[bytes]:
    found = json.loads((fixtures_root() / f"drift/{kind}.json").read_text())
    return [base64.b64decode(text) for text in found[f"{kind}_base64"]]


def test_recorded_users_are_read_to_the_numbers_the_program_wrote():
    users = recorded("user_accounts")
    assert len(users) == 50
    for raw in users:
        value = user_value("here", decode_native(coder_of(""), "User", raw))
        whole = coder_of("").accounts.decode(raw)
        assert value.authority == str(whole.authority)
        held = {row.market_index: row.base_asset_amount for row in whole.perp_positions if row.base_asset_amount}
        assert {row.market_index: row.base for row in value.positions if row.base} == held
        opened = [row for row in whole.orders if type(row.status).__name__ == "Open"]
        perpetual = [row.order_id for row in opened if type(row.market_type).__name__ == "Perp"]
        assert [order.number for order in value.orders] == perpetual


def test_recorded_users_and_their_statistics_are_encoded_back_byte_for_byte():
    statistics = recorded("user_stats_accounts")
    assert len(statistics) == 27
    for kind, raws in (("User", recorded("user_accounts")), ("UserStats", statistics)):
        for raw in raws:
            back = encode(kind, coder_of("").accounts.decode(raw))
            assert raw[: len(back)] == back
            assert not any(raw[len(back) :])


def test_a_reading_asks_for_the_oracles_the_markets_name():
    chain = Chain()
    assert str(chain.oracle_key) not in chain.accounts.wanted()
    reading = chain.read()
    assert reading.oracles[str(chain.oracle_key)].price == 150_000_000
    assert chain.accounts.missing() == ()


def test_a_reading_asks_for_the_markets_the_user_holds():
    chain = Chain()
    chain.user.perp_positions[1].market_index = 7
    chain.user.perp_positions[1].base_asset_amount = 1
    address = str(chain.accounts.user_key)
    chain.accounts.absorb({address: chain.infos()[address]})
    assert chain.accounts.market_address(7) in chain.accounts.missing()


def test_the_fingerprint_changes_with_any_byte_of_the_user():
    chain = Chain()
    before = chain.read().fingerprint
    assert chain.read(11).fingerprint == before
    chain.user.last_active_slot = 5
    assert chain.read(12).fingerprint != before


def test_a_borrowed_balance_is_negative():
    from driftpy.types import SpotBalanceType

    chain = Chain()
    chain.user.spot_positions[0].balance_type = SpotBalanceType.Borrow()
    assert chain.read().user.quote_scaled == -10_000 * 10**9


def _missing(chain, infos):
    infos[str(chain.accounts.user_key)] = None


def _foreign_owner(chain, infos):
    infos[str(chain.accounts.state_key)] = info(encode("State", chain.state), owner=ELSEWHERE)


def _swapped(chain, infos):
    infos[str(chain.accounts.user_key)] = infos[str(chain.accounts.state_key)]


def _short_user(chain, infos):
    infos[str(chain.accounts.user_key)] = info(encode("User", chain.user)[:-1])


def _short_market(chain, infos):
    infos[chain.accounts.market_address(0)] = info(encode("PerpMarket", chain.perp)[:500])


def _no_base64(chain, infos):
    key = str(chain.accounts.state_key)
    infos[key] = type(infos[key])(data=("?!", "base64"), owner=PROGRAM_ID, lamports=1)


def _other_index(chain, infos):
    chain.perp.market_index = 3
    infos[chain.accounts.market_address(0)] = info(encode("PerpMarket", chain.perp))


@pytest.mark.parametrize(
    ("spoil", "named"),
    [
        (_missing, "account/User: .* does not exist"),
        (_foreign_owner, "account/State: belongs to"),
        (_swapped, "account/User: has another discriminator"),
        (_short_user, "account/User: has 4375 bytes"),
        (_short_market, "account/PerpMarket: cannot be read"),
        (_no_base64, "account/State: not base64"),
        (_other_index, "account/PerpMarket: .* says it is market 3"),
    ],
)
def test_a_malformed_account_is_refused_by_name(spoil, named):
    chain = Chain()
    infos = {address: chain.infos()[address] for address in chain.accounts.wanted()}
    spoil(chain, infos)
    with pytest.raises(FrameError, match=named):
        chain.accounts.absorb(infos)


def test_an_oracle_of_another_kind_is_refused_by_name():
    chain = Chain()
    chain.read()
    with pytest.raises(FrameError, match="account/oracle: PythLazer"):
        chain.accounts.absorb({str(chain.oracle_key): info(b"12345678" * 3)})


def test_the_recorded_users_hold_something():
    users = [user_value("x", decode_native(coder_of(""), "User", raw)) for raw in recorded("user_accounts")]
    assert math.fsum(bool(user.positions) for user in users) > 5
    assert any(user.orders for user in users)
