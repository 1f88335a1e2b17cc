"""C1 and C2: the engine is killed at any moment of a pair's life, and goes on with the run."""

from __future__ import annotations

from itertools import takewhile
from pathlib import Path

import pytest
from msgspec.structs import replace

from actors.commands import AnyCommand, SubmitOrder
from actors.messages import AnyMessage, KillSwitchPulled, MarketReconciled
from engine.core import Decision
from engine.fuzzing.lives import Cue, Death
from engine.journal.files import no_sync, write_head
from engine.journal.record import FORMAT, HEAD_NAME, JOURNAL_NAME, Head
from engine.limits import Limits
from engine.mailbox import Mailbox
from engine.recovery import Recovery
from engine.sequencer import Sequencer
from tests.scenarios.crashes import some_deaths_of, survive, try_all
from tests.scenarios.harness import DRIFT, HYPERLIQUID, LIGHTER, PACIFICA, POLICY, Scenario, perform, say
from tests.scenarios.test_exit import PLACES

LIVES: dict[str, Scenario] = {
    "hyperliquid/pacifica": Scenario(),
    "hyperliquid/lighter": Scenario(venues=(HYPERLIQUID, LIGHTER)),
    "lighter/pacifica": Scenario(venues=(LIGHTER, PACIFICA)),
    "drift/hyperliquid": Scenario(venues=(DRIFT, HYPERLIQUID)),
    "hyperliquid/drift": Scenario(venues=(HYPERLIQUID, DRIFT)),
    **{f"towards {place}": scenario for place, scenario in PLACES.items() if scenario != Scenario()},
}


@pytest.mark.parametrize("name", LIVES)
def test_c1_killed_at_any_moment_the_run_goes_on_and_ends_flat_or_hedged(name: str, tmp_path: Path) -> None:
    tried = try_all(name, LIVES[name], tmp_path, some_deaths_of)
    assert tried.points
    assert tried.wrong == []


def test_c1_killed_again_while_it_recovers_the_run_still_ends_flat(tmp_path: Path) -> None:
    """The first death leaves a naked leg and an order in doubt; the next ones come before that is mended."""
    for second in range(2, 9):
        first = Death(commit=17, how="between write and send")
        again = Death(commit=second, how="between write and send")
        run = survive(Scenario(settled_s=120.0), tmp_path / str(second), first, again)
        assert all(pair.place == "CLOSED.flat" for pair in run.pairs)


@pytest.mark.parametrize("down_s", [0.0, 40.0, 600.0, 7200.0])
def test_c1_however_long_the_engine_was_away(down_s: float, tmp_path: Path) -> None:
    for commit in (16, 17, 21, 28, 71, 73):
        death = Death(commit=commit, how="between write and send", down_s=down_s)
        run = survive(Scenario(settled_s=120.0 + down_s), tmp_path / str(commit), death)
        assert all(pair.place == "CLOSED.flat" for pair in run.pairs)


class Kept:
    """Takes what a sequencer decides, and lets nothing leave."""

    broken = ""

    def __init__(self) -> None:
        self.decisions: list[Decision] = []

    def append(self, decision: Decision) -> None:
        """A record."""
        self.decisions.append(decision)

    def commit(self) -> int:
        """It is kept as it is."""
        return 0

    def perform(self, actor: str, command: AnyCommand) -> None:
        """Nothing leaves."""

    def refuse(self, command: SubmitOrder, why: str) -> None:
        """Nothing leaves."""


def resumed(recovery: Recovery) -> list[Decision]:
    """What is decided on the messages that a cut left unheard, at the moment of the cut."""
    kept = Kept()
    sequencer = Sequencer(
        recovery.core,
        Mailbox(),
        recovery.router,
        kept,
        lambda: recovery.last_ns,
        Limits(),
        lambda _: None,
        last=(recovery.last_seq, recovery.last_ns),
    )
    unheard = [group for group in recovery.news() if any(each.cause for each in group)]
    sequencer.go_on(unheard, kept)
    return kept.decisions


def in_words(to: str, message: AnyMessage, row: str, place: str, commands: tuple[AnyCommand, ...]) -> str:
    return f"{to} {message} {row} {place} {commands}"


def test_c2_torn_within_a_batch_the_rest_is_decided_in_the_order_of_a_run_that_was_not_torn(tmp_path: Path) -> None:
    """At every record after which actors still had to hear of each other. What a venue told has to be told again, and
    that a market was found empty is asked again: both are left out."""
    scanner = replace(POLICY.scanner, assets=("ETH", "BTC"), pairs_most=2)
    kill = Cue(at_s=40.0, do=say(KillSwitchPulled(by="operator", reason="a test"), "engine_lifecycle"))
    run = perform(Scenario(policy=replace(POLICY, scanner=scanner), cues=(kill,)), tmp_path / "run")
    compared = longest = 0
    for at, record in enumerate(run.records):
        rest = list(takewhile(lambda later: later.cause, run.records[at + 1 :]))
        live = [
            in_words(r.to, r.message, r.row, r.place, r.commands)
            for r in rest
            if not isinstance(r.message, MarketReconciled)
        ]
        if not live:
            continue
        recovery = Recovery(cut_after(run.directory, tmp_path / str(at), record.seq), tmp_path, tmp_path)
        told = [in_words(d.envelope.to, d.envelope.message, d.row, d.place, d.commands) for d in resumed(recovery)]
        assert told[: len(live)] == live, f"torn after record {record.seq}"
        compared, longest = compared + 1, max(longest, len(live))
    assert compared > 20
    assert longest > 4


def cut_after(run: Path, directory: Path, seq: int) -> Path:
    """The run as it was when its record `seq` was the last on the disk."""
    directory.mkdir()
    lines = (run / JOURNAL_NAME).read_bytes().splitlines(keepends=True)[: seq + 1]
    (directory / JOURNAL_NAME).write_bytes(b"".join(lines))
    sealed = lines[-1].rpartition(b'"hash":"')[2].partition(b'"')[0].decode()
    head = Head(format=FORMAT, seq=seq, hash=sealed, records=seq, bytes=sum(map(len, lines)))
    write_head(directory / HEAD_NAME, head, no_sync)
    return directory
