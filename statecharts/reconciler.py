"""One market that no pair holds, at one venue: is anything of ours in it?

Pairs verify their own legs. What is left over from before the run, what a person trades by hand, what fills late or
without a word: here it is noticed, asked for again, and named. Nothing is opened in a market that is not MATCHED. What
can be proven to be ours is given back to the pair it is of, which reduces it; everything else is a person's to decide.
"""

from statecharts.chart import Chart, Ignored, Row, State

ASKING = ("LOOKING", "UNANSWERED", "DISPUTED.doubted")
FILLS = ("ForeignFilled", "PositionDeleveraged", "PositionLiquidated")
FREE = ("UNASKED", "LOOKING", "UNANSWERED", "MATCHED", "REPAIRING", "DISPUTED.standing", "DISPUTED.doubted")
UNSURE = ("LOOKING", "UNANSWERED", "MATCHED", "REPAIRING")


def _on_each_fill(row: str, source: tuple[str, ...], do: tuple[str, ...], to: str | None, why: str) -> tuple[Row, ...]:
    """A fill of no order of ours is asked about alike, whatever its kind."""
    return tuple(
        Row(id=f"{row}{letter}", source=source, on=on, do=do, to=to, why=why)
        for letter, on in zip("abc", FILLS, strict=True)
    )


CHART = Chart(
    name="reconciler",
    doc="Watches a market that no pair holds; what is found there is asked for again, then repaired or disputed.",
    initial="UNASKED",
    states=(
        State(
            name="UNASKED",
            doc="Nothing was heard since the run began or came back, or since the link was lost; nothing is opened.",
        ),
        State(
            name="LOOKING",
            doc="The venue was asked; one answer that says something is held proves nothing.",
            timers=("look",),
            may_hold_leg=True,
        ),
        State(
            name="UNANSWERED",
            doc="No answer, or no two alike, however often it was asked: nothing is opened; asked seldom.",
            timers=("reask",),
            may_hold_leg=True,
        ),
        State(name="MATCHED", doc="The venue was asked and holds nothing; asked again and again.", timers=("recheck",)),
        State(
            name="REPAIRING",
            doc="Something is held; the pair that closed here last looks for a fill of its own that nobody told.",
            timers=("repair",),
            may_hold_leg=True,
        ),
        State(
            name="DISPUTED.standing",
            doc="The venue holds what none of our orders explains: never traded by us, a person decides.",
            timers=("reask",),
            may_hold_leg=True,
        ),
        State(
            name="DISPUTED.doubted",
            doc="The venue told another size than the one in dispute, or none: asked again.",
            timers=("look",),
            may_hold_leg=True,
        ),
        State(name="HELD", doc="A pair holds this market, verifies its leg, and hears what befalls it."),
    ),
    triggers=(
        "LinkUp",
        "LinkLost",
        "EngineResumed",
        "PositionReported",
        "QueryFailed",
        *FILLS,
        "PairSpawned",
        "PairClosed",
        "PairReopened",
        "ActorFaulted",
        "timer:look",
        "timer:recheck",
        "timer:reask",
        "timer:repair",
    ),
    rows=(
        Row(id="C1", source=("UNASKED",), on="LinkUp", do=("query_position",), to="LOOKING"),
        Row(
            id="C32",
            source=UNSURE,
            on="LinkUp",
            do=("tell_doubted", "query_position"),
            to="LOOKING",
            why="told again without a loss: something was missed",
        ),
        Row(id="C2", source=UNSURE, on="LinkLost", to="UNASKED", why="what was known is old"),
        Row(
            id="C3",
            source=UNSURE,
            on="EngineResumed",
            to="UNASKED",
            why="anything may have happened while nobody listened",
        ),
        # what the venue says
        Row(
            id="C4",
            source=ASKING,
            on="PositionReported",
            when=("flat", "agreed"),
            do=("tell_reconciled",),
            to="MATCHED",
        ),
        Row(
            id="C5",
            source=("LOOKING", "UNANSWERED"),
            on="PositionReported",
            when=("agreed", "pair_to_ask"),
            do=("ask_pair",),
            to="REPAIRING",
            why="a pair of ours closed here: if a fill of its own was lost, it is told now, and the pair reduces it",
        ),
        Row(
            id="C33",
            source=("DISPUTED.doubted",),
            on="PositionReported",
            when=("agreed", "as_disputed"),
            to="DISPUTED.standing",
            why="a slip: it is as it was",
        ),
        Row(
            id="C6",
            source=ASKING,
            on="PositionReported",
            when=("agreed",),
            do=("tell_disputed",),
            to="DISPUTED.standing",
            why="found again and again, and not ours by any order we know: a person decides",
        ),
        Row(
            id="C7",
            source=ASKING,
            on="PositionReported",
            why="pushed, or one answer after another that said otherwise: proves nothing, asked again",
        ),
        Row(id="C8", source=("MATCHED",), on="PositionReported", when=("flat",), why="as known"),
        Row(
            id="C9",
            source=("MATCHED",),
            on="PositionReported",
            do=("tell_doubted", "query_position"),
            to="LOOKING",
            why="a size nobody ordered: asked for, never concluded from one word",
        ),
        *_on_each_fill(
            "C10",
            ("MATCHED",),
            ("tell_doubted", "query_position"),
            "LOOKING",
            "a fill where nobody of ours trades: the venue is asked what we hold",
        ),
        Row(id="C11", source=("DISPUTED.standing",), on="PositionReported", when=("as_disputed",), why="as known"),
        Row(
            id="C12",
            source=("DISPUTED.standing",),
            on="PositionReported",
            do=("query_position",),
            to="DISPUTED.doubted",
            why="another size, or none: asked for as the first one was",
        ),
        *_on_each_fill(
            "C13", ("DISPUTED.standing",), ("query_position",), None, "somebody trades it: how much is left?"
        ),
        # time
        Row(
            id="C14",
            source=("LOOKING",),
            on="timer:look",
            when=("looks_left",),
            do=("query_position",),
            to="=",
            why="a query without an answer says nothing, least of all that we are flat",
        ),
        Row(id="C15", source=("LOOKING",), on="timer:look", do=("alarm_unread",), to="UNANSWERED"),
        Row(id="C16", source=("UNANSWERED",), on="timer:reask", do=("query_position",), to="LOOKING"),
        Row(
            id="C17",
            source=("MATCHED",),
            on="timer:recheck",
            when=("answered",),
            do=("query_position",),
            to="=",
            why="routine",
        ),
        Row(
            id="C18",
            source=("MATCHED",),
            on="timer:recheck",
            do=("tell_doubted", "query_position"),
            to="LOOKING",
            why="the last question was not answered: what is known is too old to open on",
        ),
        Row(
            id="C19",
            source=("REPAIRING",),
            on="timer:repair",
            do=("query_position",),
            to="LOOKING",
            why="no fill of ours came to light: what the venue holds is asked for once more",
        ),
        Row(id="C20", source=("DISPUTED.standing",), on="timer:reask", do=("query_position",), to="="),
        Row(
            id="C21",
            source=("DISPUTED.doubted",),
            on="timer:look",
            when=("looks_left",),
            do=("query_position",),
            to="=",
        ),
        Row(
            id="C22",
            source=("DISPUTED.doubted",),
            on="timer:look",
            to="DISPUTED.standing",
            why="no answers, or none alike: the dispute stands as it was told, and the asking goes on",
        ),
        Row(
            id="C23",
            source=("DISPUTED.*",),
            on="LinkUp",
            do=("query_position",),
            why="is it still there? The timer that runs goes on",
        ),
        # pairs
        Row(
            id="C24",
            source=FREE,
            on="PairSpawned",
            to="HELD",
            why="a pair holds it from its first moment, before its first order",
        ),
        Row(
            id="C25",
            source=FREE,
            on="PairReopened",
            to="HELD",
            why="an order of a pair that had closed explains what is there: the pair itself reduces it",
        ),
        Row(id="C26", source=("HELD",), on="PairClosed", when=("held",), why="another pair is still here"),
        Row(
            id="C27",
            source=("HELD",),
            on="PairClosed",
            when=("link_up",),
            do=("query_position",),
            to="LOOKING",
            why="it was flat when the pair closed; is it still?",
        ),
        Row(id="C28", source=("HELD",), on="PairClosed", to="UNASKED", why="no link: asked when it is up"),
        # ourselves
        Row(
            id="C29",
            source=UNSURE,
            on="ActorFaulted",
            do=("alarm_fault", "tell_doubted", "query_position"),
            to="LOOKING",
            why="nothing is opened on what a failing watcher knows",
        ),
        Row(
            id="C30",
            source=("DISPUTED.*",),
            on="ActorFaulted",
            do=("alarm_fault",),
            to="=",
            why="its clock begins again",
        ),
        Row(id="C31", source=("UNASKED", "HELD"), on="ActorFaulted", do=("alarm_fault",)),
    ),
    ignored=(
        Ignored(
            source=("UNASKED", "REPAIRING"),
            on=("PositionReported", *FILLS),
            why="noted; the venue is asked when the link is up, or when the pair has looked",
        ),
        Ignored(source=ASKING, on=FILLS, why="noted; the venue is being asked"),
        Ignored(
            source=("*",),
            on=("QueryFailed",),
            why="says nothing about what was asked; the timer asks again",
        ),
        Ignored(
            source=("HELD",),
            on=("LinkUp", "LinkLost", "EngineResumed", "PositionReported", *FILLS, "PairSpawned", "PairReopened"),
            why="the pair that holds it hears and verifies; a second pair may hold it too",
        ),
        Ignored(source=FREE, on=("PairClosed",), why="held by nobody, as far as was told"),
        Ignored(source=("UNASKED",), on=("LinkLost", "EngineResumed"), why="nothing is known as it is"),
        Ignored(
            source=("DISPUTED.*",),
            on=("LinkLost", "EngineResumed"),
            why="the dispute stands; asked again when the link is up",
        ),
        Ignored(
            source=("*",),
            on=("timer:look", "timer:recheck", "timer:reask", "timer:repair"),
            why="this timer does not run here",
        ),
    ),
)
