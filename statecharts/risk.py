"""The risk actor: screens every order before it leaves, watches ADL, and holds the kill switch.

The screen itself is a pure function the core calls between a step and its record; this chart says when openings
are allowed at all, and when positions are looked at.
"""

from statecharts.chart import Chart, Ignored, Row, State

ANY_OPEN = ("WATCHING.holding", "RESTRICTED", "KILLED")

CHART = Chart(
    name="risk",
    doc="Limits on every order, the ADL watch, and the kill switch; outside the strategy's reach.",
    initial="WATCHING.idle",
    states=(
        State(name="WATCHING.idle", doc="Nothing is held; openings are allowed within the limits."),
        State(
            name="WATCHING.holding",
            doc="Positions are held; their ADL level is watched.",
            timers=("adl_watch",),
            may_hold_leg=True,
        ),
        State(
            name="RESTRICTED",
            doc="The run is ending: only reducing orders pass.",
            timers=("adl_watch",),
            may_hold_leg=True,
        ),
        State(
            name="KILLED",
            doc="The kill switch was pulled: only reducing orders pass, everything is being flattened.",
            timers=("adl_watch",),
            may_hold_leg=True,
        ),
    ),
    triggers=(
        "OrderNoted",
        "OwnFill",
        "PositionReported",
        "PositionNoted",
        "DrainAsked",
        "KillSwitchPulled",
        "ActorFaulted",
        "timer:adl_watch",
    ),
    rows=(
        Row(id="K1", source=("WATCHING.idle",), on="OwnFill", do=("tell_adl",), to="WATCHING.holding"),
        Row(id="K2", source=ANY_OPEN, on="OwnFill", do=("tell_adl",), why="on every own fill"),
        Row(id="K3", source=("WATCHING.idle",), on="PositionReported", do=("tell_adl",), to="WATCHING.holding"),
        Row(id="K4", source=ANY_OPEN, on="PositionReported", do=("tell_adl",), why="on every position push"),
        Row(
            id="K5",
            source=("WATCHING.holding",),
            on="timer:adl_watch",
            when=("nothing_held",),
            to="WATCHING.idle",
        ),
        Row(id="K6", source=ANY_OPEN, on="timer:adl_watch", do=("tell_adl_of_all",), to="="),
        Row(id="K7", source=("WATCHING.*",), on="DrainAsked", to="RESTRICTED"),
        Row(
            id="K8",
            source=("WATCHING.*", "RESTRICTED"),
            on="KillSwitchPulled",
            do=("alarm_killed", "ask_emergency"),
            to="KILLED",
        ),
        Row(
            id="K9",
            source=("KILLED",),
            on="KillSwitchPulled",
            do=("ask_emergency",),
            why="asked again: pairs that are stranded try again",
        ),
        Row(
            id="K10",
            source=("*",),
            on="ActorFaulted",
            do=("alarm_fault",),
            to="RESTRICTED",
            why="risk that fails opens nothing more",
        ),
    ),
    ignored=(
        Ignored(source=("*",), on=("OrderNoted", "PositionNoted"), why="counted in the books"),
        Ignored(source=("RESTRICTED", "KILLED"), on=("DrainAsked",), why="openings are stopped already"),
        Ignored(source=("WATCHING.idle",), on=("timer:adl_watch",), why="this timer does not run here"),
    ),
)
