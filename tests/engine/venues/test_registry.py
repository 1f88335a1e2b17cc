from __future__ import annotations

import random
import subprocess
import sys

import pytest

from actors.domain import Venue
from engine.config import ROOT
from engine.simulators.faults import FaultPlan
from engine.simulators.transport import Pace, SimulatedVenue
from engine.venues.registry import (
    SAMPLE_ACCOUNTS,
    AccountTerms,
    Ends,
    access_header,
    make_adapter,
    make_signer,
    problem_with,
    settings_of,
)
from engine.world import FACES, secret_for
from tests.engine.simulators.test_transport import PlainFace


def ends() -> Ends:
    transport = SimulatedVenue(PlainFace(), lambda: 0, Pace(), random.Random(1), FaultPlan())
    return Ends(transport=transport, report=lambda _: None, now_ns=lambda: 0, rng=random.Random(1))


@pytest.mark.parametrize("venue", list(FACES))
async def test_every_simulated_venue_has_its_signer_and_its_adapter(venue: Venue) -> None:
    signer, account = make_signer(venue, secret_for(venue, 1))
    assert make_signer(venue, secret_for(venue, 1))[1] == account
    assert make_signer(venue, secret_for(venue, 2))[1] != account
    terms = AccountTerms(account=account, assets=("BTC",), leverage=3)
    assert make_adapter(venue, signer, terms, ends()).venue is venue


@pytest.mark.parametrize("venue", list(Venue))
def test_an_operators_setting_that_is_not_there_is_named(venue: Venue) -> None:
    assert problem_with(venue, 3, {}) == ""
    assert "`teapot`" in problem_with(venue, 3, {"teapot": 1})
    assert "request_timeout_s" in problem_with(venue, 3, {"request_timeout_s": "soon"}) or venue is Venue.HYPERLIQUID
    assert "`$.leverage`" in problem_with(venue, 4, {})


@pytest.mark.parametrize("venue", list(Venue))
def test_the_accounts_terms_outrank_what_the_operator_chose(venue: Venue) -> None:
    account = SAMPLE_ACCOUNTS.get(venue, "account")
    settings = settings_of(venue, AccountTerms(account=account, assets=("BTC",), leverage=2), {"leverage": 3})
    assert (settings.account, settings.assets, settings.leverage) == (account, ("BTC",), 2)


def test_whether_the_account_is_identified_is_told_and_not_chosen() -> None:
    terms = AccountTerms(account="account", assets=(), leverage=2, identified=True)
    assert settings_of(Venue.PACIFICA, terms).identified
    plain = AccountTerms(account="account", assets=(), leverage=2)
    assert not settings_of(Venue.PACIFICA, plain, {"identified": True}).identified


def test_one_venue_knows_access_keys() -> None:
    assert {venue: access_header(venue) for venue in Venue if access_header(venue)} == {Venue.PACIFICA: "PF-API-KEY"}


def test_a_venues_library_is_loaded_with_its_first_signer_and_no_other_venues() -> None:
    script = (
        "import sys\nfrom engine.venues.registry import make_signer\nfrom actors.domain import Venue\n"
        "heavy = lambda: [n for n in ('eth_account', 'hyperliquid', 'nacl') if n in sys.modules]\n"
        "assert heavy() == [], heavy()\n"
        "make_signer(Venue.PACIFICA, bytes(range(32)))\n"
        "assert heavy() == ['nacl'], heavy()\n"
    )
    ended = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )
    assert ended.returncode == 0, ended.stderr


@pytest.mark.parametrize("venue", list(Venue))
def test_once_a_venue_is_loaded_its_adapter_imports_nothing_more(venue: Venue) -> None:
    """An SDK takes seconds on a busy machine, in which no link is heard: it is there before the first one is up."""
    script = (
        "import sys\n"
        "from actors.domain import Venue\n"
        "from engine.venues.registry import SAMPLE_ACCOUNTS, AccountTerms, Ends, load, make_adapter\n"
        f"venue = Venue({venue.value!r})\n"
        "class Signing:\n    account = SAMPLE_ACCOUNTS.get(venue, '11111111111111111111111111111111')\n"
        "terms = AccountTerms(account=Signing.account, assets=('BTC',), leverage=3)\n"
        "ends = Ends(transport=None, report=None, now_ns=lambda: 0, rng=None)\n"
        "load(venue)\n"
        "before = dict.fromkeys(sys.modules)\n"
        "make_adapter(venue, Signing(), terms, ends)\n"
        "print([name for name in sys.modules if name not in before])\n"
    )
    ended = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )
    assert ended.stdout == "[]\n", ended.stderr
