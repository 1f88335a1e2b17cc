"""Reads a fault plan from a file a person wrote: what is misspelt is refused by name, with the choices.

Counterpart: `engine.simulators.faults`, which says what a plan is.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable
from fnmatch import fnmatchcase
from pathlib import Path
from typing import get_args

import msgspec

from engine.errors import UserError
from engine.simulators.faults import Fault, FaultPlan, FaultRule, Traffic, plan_from_toml

SEE = "correct it as in engine/simulators/faults.py"
FAULTS = {str(kind.__struct_config__.tag): kind for kind in get_args(Fault)}
"""Every fault by the word after `do`."""


def read_fault_plan(path: Path, venues: Iterable[str]) -> FaultPlan:
    """The plan in a TOML file; raises OSError, or UserError naming what is wrong and what could stand there.

    `venues` are those a rule may mean: one whose `venue` matches none of them could never strike.
    """
    there_are = tuple(venues)
    plan = _decoded(path, path.read_bytes())
    for rule in plan.rules:
        if not any(fnmatchcase(venue, rule.venue) for venue in there_are):
            raise UserError(
                f"{path}: rule {rule.name!r} names the venue {rule.venue!r}, which could never be struck; "
                f"choose among {', '.join(there_are)}, or a pattern such as *"
            )
    return plan


def _decoded(path: Path, content: bytes) -> FaultPlan:
    try:
        return plan_from_toml(content.decode())
    except msgspec.ValidationError as error:
        raise UserError(f"{path}: is not a fault plan ({error}); {_remedy(content.decode(), str(error))}") from error
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise UserError(f"{path}: is not a fault plan ({error}); {SEE}") from error


def _remedy(text: str, error: str) -> str:
    """What could stand where the error is."""
    where = error.partition(" - at `$")[2].rstrip("`")
    if where.endswith(".traffic"):
        return f"choose among {', '.join(Traffic)}"
    if where.endswith(".fault.do") or "`do`" in error:
        return f"do is one of {', '.join(FAULTS)}"
    fields = _fields(text, where) if " field `" in error else ()
    return f"the fields there are {', '.join(fields)}" if fields else SEE


def _fields(text: str, where: str) -> tuple[str, ...]:
    """The fields of what stands at `where`."""
    if where.endswith(".fault"):
        return _fields_of_fault(text, where)
    return FaultRule.__struct_fields__ if where else FaultPlan.__struct_fields__


def _fields_of_fault(text: str, where: str) -> tuple[str, ...]:
    """The fields of the fault that the rule at `where` names."""
    number = re.search(r"\d+", where)
    fault = tomllib.loads(text)["rules"][int(number[0])]["fault"] if number else {}
    return ("do", *FAULTS[fault["do"]].__struct_fields__)
