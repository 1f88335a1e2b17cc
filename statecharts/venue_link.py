"""The link to one venue, as the engine believes it: down, up, or up but sending what cannot be read."""

from statecharts.chart import Chart, Ignored, Row, State

CHART = Chart(
    name="venue_link",
    doc="Says whether a venue may be used, and tells people when it may not.",
    initial="DOWN",
    states=(
        State(name="DOWN", doc="No link: nothing heard since may be assumed.", timers=("outage",)),
        State(name="UP", doc="Snapshots were read, frames arrive."),
        State(name="SICK", doc="Too many frames were refused: the venue speaks another dialect than ours."),
    ),
    triggers=("EngineStarted", "LinkUp", "LinkLost", "FrameRefused", "ActorFaulted", "timer:outage"),
    rows=(
        Row(id="N0", source=("DOWN",), on="EngineStarted", to="=", why="the outage clock starts"),
        Row(id="N1", source=("DOWN", "SICK"), on="LinkUp", to="UP"),
        Row(id="N2", source=("UP", "SICK"), on="LinkLost", do=("alarm_lost",), to="DOWN"),
        Row(
            id="N3",
            source=("UP",),
            on="FrameRefused",
            when=("too_many_refused",),
            do=("alarm_sick",),
            to="SICK",
        ),
        Row(id="N4", source=("UP",), on="FrameRefused", why="one frame is not a dialect"),
        Row(id="N5", source=("DOWN",), on="timer:outage", do=("alarm_outage",), to="="),
        Row(id="N6", source=("DOWN",), on="ActorFaulted", do=("alarm_fault",), to="=", why="the clock begins again"),
        Row(id="N7", source=("UP", "SICK"), on="ActorFaulted", do=("alarm_fault",)),
    ),
    ignored=(
        Ignored(source=("UP", "SICK"), on=("EngineStarted",), why="running already"),
        Ignored(source=("UP",), on=("LinkUp",), why="told twice"),
        Ignored(source=("DOWN",), on=("LinkLost",), why="down already; the outage timer runs"),
        Ignored(source=("DOWN", "SICK"), on=("FrameRefused",), why="counted"),
        Ignored(source=("UP", "SICK"), on=("timer:outage",), why="this timer does not run here"),
    ),
)
