"""The journal: one text file a run that holds every decision, durable before any command is performed.

`record` says what a line is, `writer` appends lines in groups, `reader` reads them back and `verification` says
whether all of them stand. Beside the file lies `head.json`, which remembers how long the file was, so that a
shortened journal is noticed. Counterparts: the sequencer appends, `engine.replay` and `engine.audit` read.
"""

from engine.journal.errors import JournalBroken, JournalError
from engine.journal.files import DISK, Disk
from engine.journal.reader import JournalReader, read
from engine.journal.record import Header, StepRecord
from engine.journal.revision import new_header
from engine.journal.spare import LastingJournal, mend
from engine.journal.verification import Verification, cut_torn_tail, render_verification, verify
from engine.journal.writer import JournalWriter

__all__ = [
    "DISK",
    "Disk",
    "Header",
    "JournalBroken",
    "JournalError",
    "JournalReader",
    "JournalWriter",
    "LastingJournal",
    "StepRecord",
    "Verification",
    "cut_torn_tail",
    "mend",
    "new_header",
    "read",
    "render_verification",
    "verify",
]
