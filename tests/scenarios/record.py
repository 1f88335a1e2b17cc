"""Records a few representative scenarios into `tests/logs`, on purpose: `python -m tests.scenarios.record [NAME ...]`.

Each recording is a run directory of its own (journal and head); `tests/test_logs.py` replays them all. An existing
one is replaced.
"""

from __future__ import annotations

import shutil
import sys
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory

from engine.journal.record import HEAD_NAME, JOURNAL_NAME
from engine.simulators.faults import CapFill, DropResponse
from tests.scenarios.faulty import HL_ORDER, PAC_IOC, outage, rule
from tests.scenarios.harness import ASSET, DRIFT, HYPERLIQUID, Cue, Scenario, account_of, play, pull
from tests.scenarios.market import QUIET, Scene
from tests.scenarios.test_entry import TRICKLE
from tests.scenarios.test_exit import KILL
from tests.scenarios.test_holding import ADL_REDUCES, FALL, socialise

LOGS = Path(__file__).parents[1] / "logs"
BYTES_MOST = 400_000
PART = Decimal("1.2")

RECORDINGS: dict[str, Scenario] = {
    "entry_hold_close": Scenario(),
    "maker_partly_filled_then_swept": Scenario(scenes=(Scene(pacifica=TRICKLE),)),
    "taker_answer_lost": Scenario(faults=(rule(DropResponse(), HL_ORDER, nth=(1,)),)),
    "adl_level_four_reduces": Scenario(scenes=FALL, policy=ADL_REDUCES),
    "adl_takes_a_part": Scenario(
        cues=(
            Cue(
                at_s=40.3,
                do=pull(HYPERLIQUID, lambda x, at_ns: x.deleverage(at_ns, account_of(HYPERLIQUID), ASSET, PART)),
            ),
        )
    ),
    "kill_switch_with_a_stubborn_leg": Scenario(
        faults=(rule(CapFill(fraction=Decimal(0)), PAC_IOC, nth=(1, 2)),), cues=(Cue(at_s=40.0, do=KILL),), calm_s=40.0
    ),
    "maker_venue_lost_while_naked": Scenario(
        scenes=(Scene(pacifica=QUIET),), faults=outage("pacifica", 11.5, 100.0), calm_s=111.5
    ),
    "socialised_loss_goes_home": Scenario(
        venues=(HYPERLIQUID, DRIFT), cues=(Cue(at_s=50.0, do=socialise("5")),), calm_s=60.0
    ),
    "venue_lost_while_hedged": Scenario(faults=outage("pacifica", 30.0, 30.0), calm_s=60.0),
}


def record(name: str) -> int:
    """Play a scenario and keep its journal and head; returns the journal's length in bytes."""
    with TemporaryDirectory() as scratch:
        run = play(RECORDINGS[name], Path(scratch))
        size = (run.directory / JOURNAL_NAME).stat().st_size
        assert size < BYTES_MOST, f"{name}: {size} bytes; a recording is at most {BYTES_MOST}"
        target = LOGS / name
        shutil.rmtree(target, ignore_errors=True)
        target.mkdir(parents=True)
        for kept in (JOURNAL_NAME, HEAD_NAME):
            shutil.copyfile(run.directory / kept, target / kept)
    return size


def main(names: list[str]) -> None:
    """Record the scenarios of these names, or all."""
    for name in names or list(RECORDINGS):
        print(f"{name}: {record(name)} bytes")


if __name__ == "__main__":
    main(sys.argv[1:])
