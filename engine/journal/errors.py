"""What can be wrong with a journal, each kind a class of its own; every text names the place and a remedy.

Counterparts: `writer` and `reader`, which raise these.
"""

from __future__ import annotations

from engine.errors import UserError


class JournalError(UserError):
    """Base of all journal errors; the text is written for the person who runs the engine."""


class JournalMissing(JournalError):
    """There is no journal at that path, or it was cut before its header was complete."""


class JournalExists(JournalError):
    """A run directory holds one journal; this one has it already."""


class JournalLocked(JournalError):
    """Another engine holds the run directory."""


class JournalBroken(JournalError):
    """A write or a sync failed; this journal takes nothing more. A failed sync is never retried."""


class JournalEnded(JournalError):
    """The run is over: its end record is written, nothing may follow."""


class FormatDiffers(JournalError):
    """The journal is of another format version."""


class RecordAltered(JournalError):
    """A line is not what was written: its bytes and its hash do not agree.

    `line` counts from 1; `seq` is the record's place in the order, 0 for the header.
    """

    def __init__(self, text: str, *, line: int, seq: int) -> None:
        super().__init__(text)
        self.line = line
        self.seq = seq


class RecordUnreadable(JournalError):
    """A line is intact, but the schemas of this code do not know it."""


class JournalShortened(JournalError):
    """The journal is shorter than its head file remembers."""


class HeadMissing(JournalError):
    """The head file is not there, so a shortened journal could not be noticed."""


class HeadDiffers(JournalError):
    """The head file is damaged, or belongs to another journal."""


class TornTail(JournalError):
    """The last line is incomplete; it must be cut before the journal can be continued."""
