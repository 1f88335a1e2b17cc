"""The funding scanner: compares funding across venues and says which pairs to open and which to close."""

from statecharts.chart import Chart, Ignored, Row, State

CHART = Chart(
    name="funding_scanner",
    doc="Forecasts funding differences, opens pairs that beat all their costs, closes those that tire or are outdone.",
    initial="WARMING",
    states=(
        State(name="WARMING", doc="Funding is being observed; not enough history to judge.", timers=("scan",)),
        State(
            name="SCANNING",
            doc="Candidates are ranked, pairs are opened and closed, margin is watched.",
            timers=("scan",),
        ),
        State(
            name="WAITING", doc="The engine came back after it was cut off; nothing is judged until all is verified."
        ),
        State(name="DRAINING", doc="Nothing more is opened; the run is ending."),
    ),
    triggers=(
        "EngineStarted",
        "EngineResumed",
        "EntryRefused",
        "PairHedged",
        "PairClosed",
        "PairReopened",
        "DrainAsked",
        "KillSwitchPulled",
        "ActorFaulted",
        "timer:scan",
    ),
    rows=(
        Row(id="F1", source=("WARMING",), on="EngineStarted", to="=", why="the scan timer starts"),
        Row(
            id="F2",
            source=("WARMING",),
            on="timer:scan",
            when=("history_seen",),
            do=("alarm_clocks", "watch_collateral", "close_tired_pairs", "close_outdone_pair", "open_best_pairs"),
            to="SCANNING",
        ),
        Row(id="F3", source=("WARMING",), on="timer:scan", do=("alarm_clocks", "watch_collateral"), to="="),
        Row(
            id="F4",
            source=("SCANNING",),
            on="timer:scan",
            do=("alarm_clocks", "watch_collateral", "close_tired_pairs", "close_outdone_pair", "open_best_pairs"),
            to="=",
            why="close first: what is freed may be used",
        ),
        Row(
            id="F9",
            source=("WARMING", "SCANNING"),
            on="EngineResumed",
            to="WAITING",
            why="reconciled first, then traded",
        ),
        Row(
            id="F10",
            source=("WAITING",),
            on="EngineStarted",
            to="WARMING",
            why="all is verified: the scan timer starts",
        ),
        Row(id="F5", source=("WARMING", "SCANNING", "WAITING"), on="DrainAsked", to="DRAINING"),
        Row(id="F6", source=("WARMING", "SCANNING", "WAITING"), on="KillSwitchPulled", to="DRAINING"),
        Row(
            id="F7",
            source=("WARMING", "SCANNING", "WAITING"),
            on="ActorFaulted",
            do=("alarm_fault",),
            to="DRAINING",
            why="a scanner that fails opens nothing more; pairs go on",
        ),
        Row(id="F8", source=("DRAINING",), on="ActorFaulted", do=("alarm_fault",)),
    ),
    ignored=(
        Ignored(source=("SCANNING", "DRAINING"), on=("EngineStarted",), why="running already"),
        Ignored(
            source=("*",),
            on=("EntryRefused", "PairHedged", "PairClosed", "PairReopened"),
            why="noted; used by the next scan",
        ),
        Ignored(source=("WAITING", "DRAINING"), on=("EngineResumed",), why="nothing is opened here"),
        Ignored(source=("WAITING",), on=("timer:scan",), why="this timer does not run here"),
        Ignored(
            source=("DRAINING",),
            on=("DrainAsked", "KillSwitchPulled", "timer:scan"),
            why="nothing more is opened",
        ),
    ),
)
