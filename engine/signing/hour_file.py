"""What an account opened within the hour, in a file beside its key: a cap that a restart does not lift.

One file an account, locked for as long as a signing process lives; written and synced before a signature leaves it.
A file that cannot be trusted is refused, never read as "nothing opened". Counterpart: `law`, which counts.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import shlex
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path

import msgspec

from actors.domain import Venue
from engine.errors import UserError
from engine.keys.key_file import KeyRefused, Network
from engine.keys.permissions import open_private_lock, read_private, replace_private
from engine.signing.law import HOUR_NS, Caps, Opened
from engine.venues.signing import ZERO, SigningRefused

STEP_NS = 60_000_000_000
"""Ages are kept in whole minutes, rounded down: the file stays small, and nothing is forgotten too early."""
LOCK_WAIT_S = 1.0
"""A process whose engine was killed needs a moment to notice."""
LOCK_POLL_S = 0.02
ACCOUNT = re.compile(r"[A-Za-z0-9]{1,64}")


class HourFileRefused(UserError):
    """A file that cannot be read or kept; the text says what to do."""


class _Kept(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="format", tag="perp2perp-hour-1"
):
    """`at_ns` is the wall clock's time when it was written; ages are as of then."""

    venue: Venue
    network: Network
    account: str
    at_ns: int
    opened: tuple[Opened, ...]


_DECODER = msgspec.json.Decoder(_Kept)


def hour_file_path(folder: Path, caps: Caps) -> Path:
    """One file for an account, whichever of its keys signs; another for `any_market`, where no money is real.

    Raises KeyRefused for an account no venue has.
    """
    account = spelt(caps.account)
    if ACCOUNT.fullmatch(account) is None:
        raise KeyRefused("the account is not one as venues write them; give the account's own name, --account")
    return folder / f"{caps.venue.value}-{caps.network}-{account}{'-any' if caps.any_market else ''}.hour"


def spelt(account: str) -> str:
    """Hex addresses may be spelt in either case; in base58 the case says something."""
    return account.lower() if account.startswith("0x") else account


class HourFile:
    """The file of one account, held by this process; made by `held`."""

    def __init__(self, path: Path, caps: Caps, wall_ns: Callable[[], int] = time.time_ns) -> None:
        """Raises HourFileRefused, KeyRefused."""
        self._path, self._wall_ns = path, wall_ns
        self._caps = caps
        self._failed = False
        self.opened = self._read() if os.path.lexists(path) else ()
        try:
            self._write(self.opened)
        except OSError as error:
            raise HourFileRefused(f"{path}: cannot be written ({error.strerror}); make its folder writable") from None

    def check(self) -> None:
        """Raises SigningRefused once the file could not be kept: what it says is no longer all that was opened."""
        if self._failed:
            raise SigningRefused(f"{self._path} cannot be kept; nothing is opened until the engine is started anew")

    def keep(self, opened: Iterable[Opened]) -> None:
        """On disk when this returns. Raises SigningRefused when it cannot be, and is not tried again."""
        self.check()
        try:
            self._write(opened)
        except OSError as error:
            self._failed = True
            raise SigningRefused(f"what is opened cannot be kept in {self._path} ({error.strerror})") from None

    def _write(self, opened: Iterable[Opened]) -> None:
        kept = _Kept(
            venue=self._caps.venue,
            network=self._caps.network,
            account=spelt(self._caps.account),
            at_ns=self._wall_ns(),
            opened=_by_the_minute(opened),
        )
        text = msgspec.json.encode(kept)
        replace_private(self._path, text + b"\n" + _digest(text) + b"\n")

    def _read(self) -> tuple[Opened, ...]:
        """What is younger than an hour by the wall clock. A clock that went back makes nothing older."""
        text, _, rest = read_private(self._path).partition(b"\n")
        if rest != _digest(text) + b"\n":
            raise self._refused("is torn or was changed")
        try:
            kept = _DECODER.decode(text)
        except msgspec.MsgspecError:
            raise self._refused("is not a file of this kind") from None
        wanted = (self._caps.venue, self._caps.network, spelt(self._caps.account))
        if (kept.venue, kept.network, kept.account) != wanted:
            raise self._refused(f"is that of {kept.venue.value} {kept.network} {kept.account}")
        passed_ns = max(0, self._wall_ns() - kept.at_ns)
        aged = (Opened(age_ns=each.age_ns + passed_ns, usd=each.usd) for each in kept.opened)
        return tuple(each for each in aged if each.age_ns < HOUR_NS)

    def _refused(self, what: str) -> HourFileRefused:
        return HourFileRefused(
            f"{self._path}: {what}, so nobody knows what this account opened within the hour; "
            f"an hour after its last order run: rm {shlex.quote(str(self._path))}"
        )


@contextmanager
def held(folder: Path, caps: Caps, wait_s: float = LOCK_WAIT_S) -> Iterator[HourFile]:
    """The account's file, which no other process holds. Raises HourFileRefused, KeyRefused."""
    path = hour_file_path(folder, caps)
    lock = open_private_lock(path.with_name(f"{path.name.removesuffix('.hour').removesuffix('-any')}.lock"))
    try:
        _lock(lock, path, time.monotonic() + wait_s)
        yield HourFile(path, caps)
    finally:
        os.close(lock)


def _lock(lock: int, path: Path, until_s: float) -> None:
    while True:
        try:
            return fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= until_s:
                raise HourFileRefused(
                    f"{path}: another process signs for this account; end that engine first, one account has one engine"
                ) from None
        time.sleep(LOCK_POLL_S)


def _by_the_minute(opened: Iterable[Opened]) -> tuple[Opened, ...]:
    sums: dict[int, Decimal] = {}
    for each in opened:
        age_ns = each.age_ns // STEP_NS * STEP_NS
        sums[age_ns] = sums.get(age_ns, ZERO) + each.usd
    return tuple(Opened(age_ns=age_ns, usd=usd) for age_ns, usd in sums.items())


def _digest(text: bytes) -> bytes:
    return hashlib.sha256(text).hexdigest().encode()
