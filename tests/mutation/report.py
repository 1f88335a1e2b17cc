"""Puts what was tried in words: counts, and every survivor nobody has accepted. Counterpart: `__main__`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple


class Outcome(NamedTuple):
    """One mutant after its trial. `caught` by a test or a check; `equal` decides as what is shipped; `words` changes
    a text for people alone; `note` says more about a survivor."""

    name: str
    caught: bool
    equal: bool = False
    words: bool = False
    note: str = ""


class Report(NamedTuple):
    """The text, the survivors it lists, and accepted mutants that were tried and caught."""

    text: str
    new: tuple[str, ...]
    stale: tuple[str, ...]


def report(title: str, outcomes: Iterable[Outcome], accepted: Mapping[str, str]) -> Report:
    """One line of counts, then a line for each survivor that is not accepted."""
    tried = list(outcomes)
    caught = [each for each in tried if each.caught]
    equal = [each for each in tried if each.equal]
    words = [each for each in tried if not each.caught and each.words]
    left = [each for each in tried if not (each.caught or each.equal or each.words)]
    new = [each for each in left if each.name not in accepted]
    stale = tuple(each.name for each in tried if each.caught and each.name in accepted)
    lines = [
        f"{title}: {len(tried)} mutants, {len(caught)} caught, {len(equal)} decide the same, "
        f"{len(words)} change words only, {len(left) - len(new)} accepted, {len(new)} left"
    ]
    lines += [f"  {each.name}{f'  ({each.note})' if each.note else ''}" for each in new]
    lines += [f"  caught after all, take it out of EQUIVALENT.md: {name}" for name in stale]
    return Report("\n".join(lines), tuple(each.name for each in new), stale)
