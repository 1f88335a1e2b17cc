from __future__ import annotations

import random
import subprocess
import sys

import pytest

from actors.domain import Venue
from engine.config import ROOT
from engine.errors import UserError
from engine.simulators.faults import FaultPlan
from engine.simulators.transport import Pace, SimulatedVenue
from engine.venues.registry import AccountTerms, Ends, VenueUnsupported, make_adapter, make_signer
from engine.world import FACES, secret_for
from tests.engine.simulators.test_transport import PlainFace

UNSUPPORTED = [venue for venue in Venue if venue not in FACES]


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


@pytest.mark.parametrize("venue", UNSUPPORTED)
async def test_a_venue_without_an_adapter_is_refused_with_those_there_are(venue: Venue) -> None:
    signer, account = make_signer(Venue.PACIFICA, bytes(32))
    terms = AccountTerms(account=account, assets=("BTC",), leverage=3)
    with pytest.raises(VenueUnsupported, match=f"{venue.value}.*use hyperliquid"):
        make_signer(venue, bytes(32))
    with pytest.raises(VenueUnsupported, match=f"{venue.value}.*use hyperliquid"):
        make_adapter(venue, signer, terms, ends())
    assert issubclass(VenueUnsupported, UserError)


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
