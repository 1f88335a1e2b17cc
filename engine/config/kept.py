"""The configuration a run was begun with, kept beside its journal: whoever goes on with it is told what differs.

The journal's header has its digest and the policy; this file has the rest, for words alone. A file that is missing, or
is not what the digest says, is as good as none. Used by `engine.preparation` and `engine.recovery`.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec

from engine.config.reading import digest
from engine.config.sections import Config
from engine.journal.record import Header

CONFIG_NAME = "config.json"
NO_MATTER = ("run.runs_directory", "run.state_directory", "policy.order_namespace", "flatten.")
"""What may differ: where things lie, ids that are a run's own, and what flattens."""


def keep(directory: Path, config: Config) -> None:
    """Write it into a run directory."""
    (directory / CONFIG_NAME).write_bytes(msgspec.json.encode(config, order="deterministic") + b"\n")


def kept(directory: Path, config_digest: str) -> Config | None:
    """The configuration of that digest, if it lies there."""
    with suppress(OSError, msgspec.MsgspecError):
        found = msgspec.json.decode((directory / CONFIG_NAME).read_bytes(), type=Config)
        return found if digest(found) == config_digest else None
    return None


def differences(directory: Path, header: Header, config: Config) -> tuple[str, ...]:
    """A line for every field in which `config` differs from that of a run, with both values."""
    then = kept(directory, header.config_digest)
    if then is not None:
        return tuple(_differing("", msgspec.to_builtins(then), msgspec.to_builtins(config)))
    run = {"mode": header.mode, "seed": header.seed}
    now = {"mode": config.run.mode, "seed": config.run.seed}
    policy = _differing("policy.", msgspec.to_builtins(header.policy), msgspec.to_builtins(config.policy))
    return (*_differing("run.", run, now), *policy)


def _differing(path: str, then: Any, now: Any) -> Iterator[str]:
    if isinstance(then, dict) and isinstance(now, dict):
        for name in dict.fromkeys((*then, *now)):
            was, is_now = then.get(name), now.get(name)
            yield from _differing(f"{path}{name}{'.' if isinstance(was, dict) else ''}", was, is_now)
        return
    name = path.rstrip(".")
    if then != now and not name.startswith(NO_MATTER) and ".network.flatten_" not in name:
        yield f"{name}: the run has {_shown(then)}, this has {_shown(now)}"


def _shown(value: Any) -> str:
    return "nothing" if value is None else msgspec.json.encode(value).decode()
