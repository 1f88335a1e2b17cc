"""The engine's end, with real processes: Pacifica's key where it does not matter, for it starts fastest."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest
import trio

from actors.domain import Venue
from engine.keys import KeyFile, Secret, seal, write_key_file
from engine.keys.permissions import write_private
from engine.sandbox.keys import simulated_key
from engine.signing import Program, SigningFailed, SigningProcess, SigningSettings
from engine.signing.hour_file import hour_file_path
from engine.signing.venues import open_signer
from engine.venues.drift.sdk_accounts import Accounts
from engine.venues.drift.sdk_coder import idl_path
from engine.venues.drift.settings import IDL_SHA256
from engine.venues.drift.signing import DriftSignRequest
from engine.venues.lighter.signing_request import CancelOrder, LighterSignRequest
from engine.venues.lighter.wire import CHAIN_ID_MAINNET, CHAIN_ID_TESTNET
from engine.venues.signing import SigningRefused, SignRequest
from tests.engine.keys.samples import HYPERLIQUID, PACIFICA, PASSWORD, leaks
from tests.engine.keys.terminal import at_terminal
from tests.engine.signing.asking import PATIENT, Stand, caps_for, hyperliquid_order, pacifica_order
from tests.engine.venues.drift.test_signing import (
    ORDER,
    OTHER_PROGRAM,
    drift_instruction,
    of_instructions,
    request as drift_request,
)


class Older(SignRequest, frozen=True, kw_only=True):
    """A request that names the file it is to be read by."""

    message: str
    account: str
    program: dict[str, str]


MUTE = (sys.executable, "-c", "import socket; s = socket.socket(fileno=0)\nwhile s.recv(9999): pass")
"""Reads, and never answers."""


def late(answer_after: str) -> tuple[str, ...]:
    """A process that holds its answers back until it is asked for the second time."""
    script = (
        "import socket\nfrom engine.signing import child\n"
        "send = child.Line.send\nheld = []\n"
        "def wait(self, message):\n"
        "    held.append(message)\n"
        f"    return all([send(self, each) for each in held and {answer_after}])\n"
        "child.Line.send = wait\n"
        "child.serve(socket.socket(fileno=0))\n"
    )
    return (sys.executable, "-c", script)


@pytest.fixture
def stand(tmp_path: Path) -> Stand:
    return Stand(tmp_path, PACIFICA)


def own(key: KeyFile, request: SignRequest) -> msgspec.Struct:
    """The signature as this process would make it."""
    signed: msgspec.Struct = open_signer(key)[0].sign(request)
    return signed


def pid_of(process: SigningProcess) -> int:
    assert process._link is not None
    return process._link.process.pid


@pytest.mark.parametrize(
    ("key", "request_"),
    [(HYPERLIQUID, hyperliquid_order()), (PACIFICA, pacifica_order())],
    ids=["hyperliquid", "pacifica"],
)
async def test_it_signs_as_the_signer_does(tmp_path: Path, key: KeyFile, request_: SignRequest) -> None:
    async with Stand(tmp_path, key).process() as signing:
        assert (signing.account, signing.address) == (key.account, open_signer(key)[1])
        assert await signing.sign(request_) == own(key, request_)
        assert signing.counts.signed == 1


async def test_lighters_library_signs_in_a_process_of_its_own(tmp_path: Path) -> None:
    """Its signatures carry randomness of their own; what is signed does not."""
    request = LighterSignRequest(chain_id=CHAIN_ID_TESTNET, body=CancelOrder(market_index=1, index=5, nonce=9))
    async with Stand(tmp_path, simulated_key(Venue.LIGHTER, bytes(range(32)))).process() as signing:
        signed = await signing.sign(request)
        assert '"Index":5' in signed.tx_info
        other = msgspec.structs.replace(request, chain_id=CHAIN_ID_MAINNET)
        with pytest.raises(SigningRefused, match="this key is for"):
            await signing.sign(other)


async def test_drifts_signer_reads_the_message_before_it_signs(tmp_path: Path) -> None:
    key = simulated_key(Venue.DRIFT, bytes(range(32)))
    order = drift_request(ORDER)  # type: ignore[no-untyped-call]
    async with Stand(tmp_path, key).process(order_most_usd=Decimal(1000), hour_most_usd=Decimal(1000)) as signing:
        assert signing.account == order.account == key.account
        assert await signing.sign(order) == own(key, order)
        with pytest.raises(SigningRefused):
            await signing.sign(DriftSignRequest(message="AAAA", account=key.account))


async def test_drifts_process_signs_for_the_program_it_was_started_with_and_opens_no_other_file(
    tmp_path: Path,
) -> None:
    """The request that the default program's order is in is refused, and what names a file is no request."""
    idl = tmp_path / "idl.json"
    idl.write_bytes(idl_path("").read_bytes())
    key = simulated_key(Venue.DRIFT, bytes(range(32)))
    program = Program(program_id=OTHER_PROGRAM.program_id, idl_file=str(idl), idl_sha256=IDL_SHA256)
    accounts = Accounts(OTHER_PROGRAM, key.account, 0, (0,))
    keys = [accounts.state_key, accounts.user_key]
    cancel = drift_instruction("cancel_order_by_user_id", {"user_order_id": 1}, keys, program.program_id)  # type: ignore[no-untyped-call]
    async with Stand(tmp_path, key).process(program=program) as signing:
        assert (await signing.sign(of_instructions(cancel))).signature  # type: ignore[no-untyped-call]
        with pytest.raises(SigningRefused, match=r"an instruction of .* is not allowed"):
            await signing.sign(drift_request(ORDER))  # type: ignore[no-untyped-call]
        with pytest.raises(SigningRefused, match="unknown field `program`"):
            await signing.sign(Older(message="AAAA", account=key.account, program={"idl_file": "/dev/stdin"}))
    with pytest.raises(SigningFailed, match=r"IDL cannot be used: .* has sha256"):
        async with Stand(tmp_path / "other", key).process(program=msgspec.structs.replace(program, idl_sha256="0")):
            raise AssertionError("it must not be entered")


async def test_many_may_ask_at_once_and_each_gets_its_own(stand: Stand) -> None:
    requests = [pacifica_order("1", client_order_id=str(number)) for number in range(50)]
    answers: dict[int, object] = {}

    async def ask(number: int) -> None:
        answers[number] = await signing.sign(requests[number])

    async with stand.process() as signing, trio.open_nursery() as nursery:
        for number in range(50):
            nursery.start_soon(ask, number)
    assert [answers[number] for number in range(50)] == [own(PACIFICA, request) for request in requests]


async def test_refusals_are_answers_with_reasons_and_are_counted(stand: Stand) -> None:
    async with stand.process() as signing:
        with pytest.raises(SigningRefused, match="over the cap of 100 for one order"):
            await signing.sign(pacifica_order("101"))
        withdraw = msgspec.structs.replace(pacifica_order(), operation="withdraw")
        with pytest.raises(SigningRefused, match="withdraw is not allowed"):
            await signing.sign(withdraw)
        assert (signing.counts.refused, signing.counts.signed) == (2, 0)
        await signing.sign(pacifica_order("100"))


async def test_an_interrupt_at_the_terminal_does_not_end_it(stand: Stand) -> None:
    async with stand.process() as signing:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            os.kill(pid_of(signing), number)
        await signing.sign(pacifica_order())
    assert stand.alarms == []


STAYS = (
    sys.executable,
    "-c",
    "import signal, socket\nfrom engine.signing import child\nchild.serve(socket.socket(fileno=0))\nsignal.pause()\n",
)
"""Signs, and does not end when it is left."""


@pytest.mark.parametrize(("changes", "stop_timeout_s", "code"), [({}, 20.0, 0), ({"command": STAYS}, 0.05, -9)])
async def test_whoever_leaves_it_waits_for_it_to_end_and_kills_it_when_it_stays(
    stand: Stand, changes: dict[str, Any], stop_timeout_s: float, code: int
) -> None:
    """Also when cut off: two processes would hold the key of one account."""
    settings = msgspec.structs.replace(PATIENT, stop_timeout_s=stop_timeout_s)
    with trio.CancelScope() as scope:
        async with stand.process(settings, **changes) as signing:
            link = signing._link
            await signing.sign(pacifica_order())
            scope.cancel()
            await trio.lowlevel.checkpoint()
    assert link is not None
    with trio.fail_after(20):
        assert await link.process.wait() == code


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells the end of a process that is no child")
async def test_it_ends_when_the_engine_does(stand: Stand) -> None:
    """The engine is a process here, and is killed: nothing is left that holds a key."""
    script = (
        "import sys, pathlib, trio\n"
        "from tests.engine.signing.asking import Stand, PATIENT, SigningProcess, caps_for\n"
        "from tests.engine.keys.samples import PACIFICA\n"
        "async def main():\n"
        "    async with SigningProcess(caps_for(PACIFICA), pathlib.Path(sys.argv[1]), print, PATIENT) as signing:\n"
        "        print(signing._link.process.pid, flush=True)\n"
        "        await trio.sleep_forever()\n"
        "trio.run(main)\n"
    )
    command = [sys.executable, "-c", script, str(stand.path)]
    engine = await trio.lowlevel.open_process(command, stdout=-1)
    assert engine.stdout is not None
    pid = int(await engine.stdout.receive_some(100))
    engine.kill()
    await engine.wait()
    with open_process_end(pid) as end, trio.fail_after(20):
        await trio.lowlevel.wait_readable(end)
    await engine.stdout.aclose()


@contextmanager
def open_process_end(pid: int) -> Iterator[int]:
    """A descriptor that is readable when a process, also one that is no child of ours, has ended."""
    end = os.pidfd_open(pid)
    try:
        yield end
    finally:
        os.close(end)


async def test_without_an_answer_in_time_nothing_was_signed(stand: Stand) -> None:
    settings = SigningSettings(timeout_s=0.05, restart_pause_s=0.0)
    hold = late("(held[:1] if len(held) == 1 else held[1:] if len(held) == 3 else [])")
    async with stand.process(settings, command=hold) as signing:
        with pytest.raises(SigningRefused, match=r"no answer within 0\.05 s"):
            await signing.sign(pacifica_order())
        assert signing.counts.unanswered == 1


async def test_a_late_signature_is_dropped_and_the_next_is_the_next(stand: Stand) -> None:
    """The first answer is held back until the second request; it must not be taken for the second's."""
    settings = SigningSettings(timeout_s=20.0, restart_pause_s=0.0)
    hold = late("(held[:1] if len(held) == 1 else held[1:] if len(held) == 3 else [])")
    first, second = pacifica_order(client_order_id="1"), pacifica_order(client_order_id="2")
    async with stand.process(settings, command=hold) as signing:
        with trio.move_on_after(0.05):
            await signing.sign(first)
        assert await signing.sign(second) == own(PACIFICA, second)
        assert (signing.counts.late, signing.counts.signed) == (1, 1)


async def test_a_process_that_died_is_begun_again_with_an_alarm_and_signs_on(stand: Stand) -> None:
    async with stand.process() as signing:
        os.kill(pid_of(signing), signal.SIGKILL)
        with pytest.raises(SigningRefused, match="not running"):
            await signing.sign(pacifica_order())
        await signing.until_running()
        assert await signing.sign(pacifica_order()) == own(PACIFICA, pacifica_order())
        assert signing.counts.restarts == 1
    assert [(alarm.severity, alarm.code) for alarm in stand.alarms] == [("warning", "signing_process")]
    assert "exit code -9" in stand.alarms[0].text


async def test_a_process_begun_again_remembers_what_was_opened(stand: Stand) -> None:
    async with stand.process() as signing:
        for _ in range(2):
            await signing.sign(pacifica_order("100"))
        os.kill(pid_of(signing), signal.SIGKILL)
        with pytest.raises(SigningRefused, match="not running"):
            await signing.sign(pacifica_order())
        await signing.until_running()
        with pytest.raises(SigningRefused, match="opens 60 USD after 200 within the hour"):
            await signing.sign(pacifica_order("60"))


async def test_an_engine_started_anew_finds_what_was_opened(stand: Stand) -> None:
    """Nothing is handed over: the second process knows it from the disk alone."""
    async with stand.process() as signing:
        for _ in range(2):
            await signing.sign(pacifica_order("100"))
    async with stand.process() as signing:
        with pytest.raises(SigningRefused, match="opens 60 USD after 200 within the hour"):
            await signing.sign(pacifica_order("60"))
        await signing.sign(pacifica_order("60", reduce_only=True))
        await signing.sign(pacifica_order("50"))


async def test_a_file_that_was_torn_lets_no_process_begin(stand: Stand) -> None:
    async with stand.process() as signing:
        await signing.sign(pacifica_order("100"))
    path = hour_file_path(stand.folder, caps_for(PACIFICA))
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(SigningFailed, match=r"torn or was changed.*an hour after its last order run: rm "):
        async with stand.process():
            raise AssertionError("it must not be entered")


async def test_two_processes_do_not_sign_for_one_account(stand: Stand) -> None:
    """With two keys of one account as well: two engines would each open a whole hour's worth."""
    second = stand.folder / "second.key"
    write_key_file(second, PACIFICA)
    async with stand.process() as signing:
        for path in (stand.path, second):
            stand.path = path
            with pytest.raises(SigningFailed, match="another process signs for this account; end that engine first"):
                async with stand.process():
                    raise AssertionError("it must not be entered")
        await signing.sign(pacifica_order())


async def test_after_too_many_ends_it_stays_down_and_the_alarm_is_critical(stand: Stand) -> None:
    settings = msgspec.structs.replace(PATIENT, restarts_most=0)
    async with stand.process(settings) as signing:
        os.kill(pid_of(signing), signal.SIGKILL)
        for _ in range(3):
            with pytest.raises(SigningRefused, match="not running"):
                await signing.sign(pacifica_order())
    assert [alarm.severity for alarm in stand.alarms] == ["critical"]
    assert "nothing is signed until the engine is started anew" in stand.alarms[0].text


async def test_no_more_wait_than_may(stand: Stand) -> None:
    settings = msgspec.structs.replace(PATIENT, waiting_most=0)
    async with stand.process(settings) as signing:
        with pytest.raises(SigningRefused, match="0 requests wait"):
            await signing.sign(pacifica_order())


async def test_a_request_too_long_is_refused_here(stand: Stand) -> None:
    async with stand.process() as signing:
        with pytest.raises(SigningRefused, match="a frame of"):
            await signing.sign(pacifica_order(client_order_id="x" * 70_000))


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ((sys.executable, "-c", "print(1)"), "did not begin"),
        (("perp2perp-no-such-program",), "could not be started"),
        (MUTE, "did not begin within 0.2 s"),
    ],
)
async def test_a_process_that_does_not_say_hello_is_no_signing(
    stand: Stand, command: tuple[str, ...], words: str
) -> None:
    settings = SigningSettings(start_timeout_s=0.2 if command == MUTE else 20.0, stop_timeout_s=20.0)
    with pytest.raises(SigningFailed, match=words):
        async with stand.process(settings, command=command):
            raise AssertionError("it must not be entered")


async def test_what_is_wrong_with_the_key_is_said_before_anything_is_signed(stand: Stand) -> None:
    stand.path.chmod(0o644)
    with pytest.raises(SigningFailed, match=r"pacifica did not begin: .*run: chmod 600"):
        async with stand.process():
            raise AssertionError("it must not be entered")


async def test_a_sealed_key_is_opened_with_a_password_file(stand: Stand) -> None:
    stand.path.unlink()
    write_key_file(stand.path, seal(PACIFICA, Secret(PASSWORD), "least"))
    write_private(stand.folder / "p", PASSWORD.encode())
    async with stand.process(password_path=stand.folder / "p") as signing:
        assert await signing.sign(pacifica_order()) == own(PACIFICA, pacifica_order())


def test_a_password_is_typed_to_the_signing_process_itself(stand: Stand) -> None:
    stand.path.unlink()
    write_key_file(stand.path, seal(PACIFICA, Secret(PASSWORD), "least"))
    script = (
        "import pathlib, trio\n"
        "from tests.engine.signing.asking import PATIENT, SigningProcess, caps_for\n"
        "from tests.engine.keys.samples import PACIFICA\n"
        "async def main():\n"
        "    async with SigningProcess(caps_for(PACIFICA), pathlib.Path(sys.argv[1]), print, PATIENT) as signing:\n"
        "        print(signing.address)\n"
        "trio.run(main)\n"
    )
    session = at_terminal(script, stand.path, typed=(PASSWORD,))
    assert (session.code, session.out) == (0, open_signer(PACIFICA)[1] + "\n"), session
    assert session.screen.startswith("password of the pacifica key (testnet): ")
    assert leaks(session.screen + session.out + session.err) == []
