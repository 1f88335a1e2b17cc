from __future__ import annotations

import importlib
import pkgutil

import pytest

import engine
from engine.cli import app, main
from engine.errors import UserError

FOR_PEOPLE = ("ConfigError", "JournalError", "JournalBroken", "RecordAltered", "MarketFileError")


def kinds(base: type[Exception]) -> list[type[Exception]]:
    return [base, *(each for sub in base.__subclasses__() for each in kinds(sub))]


def test_every_error_a_person_can_act_on_is_a_user_error() -> None:
    for name in ("config", "journal", "simulators.market", "venues.registry"):
        importlib.import_module(f"engine.{name}")
    names = [kind.__name__ for kind in kinds(UserError)]
    assert [name for name in FOR_PEOPLE if name not in names] == []


def test_a_user_error_is_printed_as_one_sentence_and_exits_with_2(capsys: pytest.CaptureFixture[str]) -> None:
    @app.command(name="always-refused")
    def refuse() -> None:
        raise UserError("the thing is wrong; mend it")

    try:
        with pytest.raises(SystemExit) as ended:
            main(["always-refused"])
    finally:
        del app["always-refused"]
    assert ended.value.code == 2
    assert capsys.readouterr() == ("", "perp2perp: the thing is wrong; mend it\n")


def test_every_room_of_the_engine_can_be_entered_on_its_own() -> None:
    names = [module.name for module in pkgutil.iter_modules(engine.__path__)]
    assert "cli" in names
    for name in names:
        importlib.import_module(f"engine.{name}")
