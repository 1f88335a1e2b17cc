"""Whose accounts are in use: one engine an account, for as long as its process lives.

Two engines would count their limits apart, close each other's legs, and take each other's fills for somebody else's.
The lock binds the engines of one user on one machine; a flattener does not take it, since it must work while an
engine hangs. Used by `engine.doors.network`, before anything is sent, and by `engine.preparation`.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import msgspec

from actors.domain import Venue
from engine.errors import UserError
from engine.file_lock import Taken, locked
from engine.state_directory import state_directory as place_of_state
from engine.venues.registry import Network

NAME_DIGITS = 16


class AccountInUse(UserError):
    """Another engine trades on an account; the text names it and the way out."""


class Account(msgspec.Struct, frozen=True, kw_only=True):
    """An account at a venue. `place` tells simulated venues apart, which give each sandbox the same accounts."""

    venue: Venue
    network: Network
    account: str
    place: str = ""

    @property
    def lock_name(self) -> str:
        """The name of the file that carries its lock; the account itself is not shown in it."""
        hidden = hashlib.sha256(f"{self.account.lower()}|{self.place}".encode()).hexdigest()[:NAME_DIGITS]
        return f"{self.venue.value}-{self.network}-{hidden}.lock"


def lock_directory(state_directory: str) -> Path:
    """Where the locks of a user lie; "" is the system's place for state."""
    return place_of_state(state_directory) / "locks"


@contextmanager
def accounts_held(state_directory: str, accounts: Iterable[Account], run: str) -> Iterator[None]:
    """Hold these accounts; `run` names the run to whoever is refused. Raises AccountInUse."""
    directory = lock_directory(state_directory)
    try:
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise _unusable(directory, error) from error
    with ExitStack() as held:
        for account in accounts:
            _hold(held, directory / account.lock_name, account, run)
        yield


def _hold(held: ExitStack, path: Path, account: Account, run: str) -> None:
    try:
        held.enter_context(locked(path, f"process {os.getpid()}, {run}"))
    except Taken as taken:
        raise AccountInUse(
            f"the account {account.account} on {account.venue.value} is in use by another engine "
            f"({taken.holder or 'of unknown number'}); stop that one first, or trade on another account"
        ) from taken
    except OSError as error:
        raise _unusable(path, error) from error


def _unusable(path: Path, error: OSError) -> AccountInUse:
    return AccountInUse(
        f"{path}: no lock can be kept there ({error.strerror}), so another engine on the account would not be noticed; "
        "name a directory in run.state_directory that can be written"
    )
