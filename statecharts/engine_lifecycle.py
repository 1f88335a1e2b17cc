"""The run itself: waits for the links, runs, drains, and flattens what does not close in time."""

from statecharts.chart import Chart, Ignored, Row, State

CHART = Chart(
    name="engine_lifecycle",
    doc="From the first link to a flat stop; what does not close in time is flattened, and what is left is named.",
    initial="STARTING",
    states=(
        State(name="STARTING", doc="The links to all venues are coming up.", timers=("links_timeout",)),
        State(name="RUNNING", doc="Pairs are opened and held.", timers=("run_time",)),
        State(name="DRAINING", doc="Every pair was asked to close.", timers=("drain_timeout",)),
        State(
            name="FLATTENING", doc="Every pair was asked for an emergency close.", timers=("flatten_timeout",)
        ),
        State(name="STOPPED", doc="The run is over."),
    ),
    triggers=(
        "EngineStarted",
        "LinkUp",
        "LinkLost",
        "PairSpawned",
        "PairClosed",
        "DrainAsked",
        "KillSwitchPulled",
        "ActorFaulted",
        "timer:links_timeout",
        "timer:run_time",
        "timer:drain_timeout",
        "timer:flatten_timeout",
    ),
    rows=(
        Row(id="L1", source=("STARTING",), on="EngineStarted", to="=", why="the clock for the links starts"),
        Row(
            id="L2",
            source=("STARTING",),
            on="LinkUp",
            when=("all_links_up",),
            do=("tell_started",),
            to="RUNNING",
        ),
        Row(id="L3", source=("STARTING",), on="LinkUp"),
        Row(
            id="L4",
            source=("STARTING",),
            on="timer:links_timeout",
            do=("alarm_links", "stop"),
            to="STOPPED",
            why="a venue cannot be reached: nothing was opened, nothing is left",
        ),
        Row(id="L5", source=("STARTING",), on="DrainAsked", do=("stop",), to="STOPPED"),
        Row(id="L6", source=("STARTING",), on="KillSwitchPulled", do=("stop",), to="STOPPED"),
        Row(
            id="L7",
            source=("RUNNING",),
            on="timer:run_time",
            when=("no_pair_open",),
            do=("ask_drain", "stop"),
            to="STOPPED",
        ),
        Row(id="L8", source=("RUNNING",), on="timer:run_time", do=("ask_drain",), to="DRAINING"),
        Row(
            id="L9",
            source=("RUNNING",),
            on="DrainAsked",
            when=("no_pair_open",),
            do=("ask_drain", "stop"),
            to="STOPPED",
        ),
        Row(id="L10", source=("RUNNING",), on="DrainAsked", do=("ask_drain",), to="DRAINING"),
        Row(
            id="L11",
            source=("RUNNING", "DRAINING"),
            on="KillSwitchPulled",
            when=("no_pair_open",),
            do=("pull_kill_switch", "stop"),
            to="STOPPED",
        ),
        Row(
            id="L12",
            source=("RUNNING", "DRAINING"),
            on="KillSwitchPulled",
            do=("pull_kill_switch",),
            to="FLATTENING",
        ),
        Row(
            id="L13",
            source=("DRAINING", "FLATTENING"),
            on="PairClosed",
            when=("no_pair_open",),
            do=("stop",),
            to="STOPPED",
        ),
        Row(id="L14", source=("DRAINING", "FLATTENING"), on="PairClosed"),
        Row(
            id="L15",
            source=("DRAINING",),
            on="timer:drain_timeout",
            do=("alarm_drain", "ask_flatten"),
            to="FLATTENING",
        ),
        Row(
            id="L16",
            source=("FLATTENING",),
            on="timer:flatten_timeout",
            do=("alarm_left_open", "stop"),
            to="STOPPED",
            why="a person must act; the alarm names the pairs",
        ),
        Row(id="L17", source=("*",), on="ActorFaulted", do=("alarm_fault",)),
    ),
    ignored=(
        Ignored(
            source=("RUNNING", "DRAINING", "FLATTENING", "STOPPED"),
            on=("EngineStarted",),
            why="running already",
        ),
        Ignored(
            source=("RUNNING", "DRAINING", "FLATTENING", "STOPPED"), on=("LinkUp",), why="the board knows"
        ),
        Ignored(
            source=("*",),
            on=("LinkLost",),
            why="the venue's link actor raises the alarm; pairs know themselves",
        ),
        Ignored(source=("*",), on=("PairSpawned",), why="noted"),
        Ignored(source=("STARTING", "RUNNING", "STOPPED"), on=("PairClosed",), why="noted"),
        Ignored(source=("DRAINING", "FLATTENING", "STOPPED"), on=("DrainAsked",), why="draining already"),
        Ignored(
            source=("FLATTENING", "STOPPED"), on=("KillSwitchPulled",), why="flattening already, or over"
        ),
        Ignored(
            source=("*",),
            on=("timer:links_timeout", "timer:run_time", "timer:drain_timeout", "timer:flatten_timeout"),
            why="this timer does not run here",
        ),
    ),
    final=("STOPPED",),
)
