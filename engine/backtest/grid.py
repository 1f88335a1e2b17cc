"""Parameter sets from a TOML file: all combinations of a [grid], or [[sets]] one by one; checked as profiles are."""

from __future__ import annotations

import itertools
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec

from actors.policy import Policy
from engine import config as configuration
from engine.config import Config
from engine.errors import UserError

SETS_MOST = 500
Value = str | int | float | bool | list[str]


class ParameterSet(msgspec.Struct, frozen=True, kw_only=True):
    """Policy fields that differ from the profile, as in `scanner.horizon_h`, and their values; a name for people."""

    name: str
    changes: dict[str, Value] = {}


DEFAULT = ParameterSet(name="profile")
"""The profile as it stands."""


def read_grid(path: Path, config: Config) -> tuple[ParameterSet, ...]:
    """The sets a file names, each of which the profile can take; raises UserError."""
    try:
        told = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UserError(f"{path}: is not valid TOML ({error})") from None
    unknown = [key for key in told if key not in ("grid", "sets")]
    if unknown or not told:
        raise UserError(f"{path}: has {', '.join(unknown) or 'nothing'}; a grid file has [grid] or [[sets]]")
    sets = (*_named(told.get("sets", []), path), *_combined(told.get("grid", {}), path))
    if not 0 < len(sets) <= SETS_MOST:
        raise UserError(f"{path}: makes {len(sets)} sets; between 1 and {SETS_MOST} can be run")
    names = [each.name for each in sets]
    twice = [name for name in dict.fromkeys(names) if names.count(name) > 1]
    if twice:
        raise UserError(f"{path}: two sets are called {twice[0]}; name each once")
    for each in sets:
        with_changes(config, each)
    return sets


def _named(told: Any, path: Path) -> Iterator[ParameterSet]:
    for each in told if isinstance(told, list) else [told]:
        name = each.get("name") if isinstance(each, dict) else None
        if not isinstance(name, str) or not name:
            raise UserError(f"{path}: each of [[sets]] needs a name")
        yield ParameterSet(name=name, changes={key: value for key, value in each.items() if key != "name"})


def _combined(fields: Any, path: Path) -> Iterator[ParameterSet]:
    if not isinstance(fields, dict) or any(not isinstance(values, list) or not values for values in fields.values()):
        raise UserError(f'{path}: [grid] takes lists of values, as in "scanner.horizon_h" = ["48", "72"]')
    if not fields:
        return
    for values in itertools.product(*fields.values()):
        changes = dict(zip(fields, values, strict=True))
        yield ParameterSet(name=" ".join(f"{_last(key)}={value}" for key, value in changes.items()), changes=changes)


def _last(field: str) -> str:
    return field.rpartition(".")[2]


def with_changes(config: Config, chosen: ParameterSet) -> Config:
    """The profile with a set's values in place; raises UserError, naming set and field."""
    told = msgspec.to_builtins(config.policy)
    for field, value in chosen.changes.items():
        _put(told, field, value, chosen.name)
    try:
        policy = msgspec.convert(told, Policy)
    except msgspec.ValidationError as error:
        raise UserError(f"set {chosen.name!r}: policy: {error}") from None
    changed = msgspec.structs.replace(config, policy=policy)
    problems = list(configuration.problems_of(changed))
    if problems:
        raise UserError(f"set {chosen.name!r}: {'; '.join(problems)}")
    return changed


def _put(told: dict[str, Any], field: str, value: Value, name: str) -> None:
    *sections, last = field.split(".")
    place: Any = told
    for section in sections:
        place = place.get(section) if isinstance(place, Mapping) else None
    if not isinstance(place, dict) or last not in place:
        raise UserError(f"set {name!r}: the policy has no field {field!r}; name one as in scanner.horizon_h")
    place[last] = value
