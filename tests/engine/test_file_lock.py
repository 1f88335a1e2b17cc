from __future__ import annotations

import stat
import subprocess
import sys
from pathlib import Path

import pytest

from engine.config import ROOT
from engine.file_lock import Taken, locked


def test_who_comes_second_is_told_what_the_holder_wrote(tmp_path: Path) -> None:
    path = tmp_path / "a.lock"
    path.write_text("somebody long before, with many more words\n")
    with locked(path, "the first"):
        with pytest.raises(Taken) as refused, locked(path, "the second"):
            raise AssertionError("held twice")
        assert refused.value.holder == "the first"
        assert str(path) in str(refused.value)
    with locked(path, "the second"):
        assert path.read_text() == "the second\n"


def test_the_file_is_the_owner_s_alone_and_is_never_somewhere_else(tmp_path: Path) -> None:
    with locked(tmp_path / "a.lock", "me"):
        assert stat.S_IMODE((tmp_path / "a.lock").stat().st_mode) == 0o600
    elsewhere = tmp_path / "precious"
    elsewhere.write_text("kept")
    (tmp_path / "b.lock").symlink_to(elsewhere)
    with pytest.raises(OSError), locked(tmp_path / "b.lock", "me"):  # noqa: PT011 - what the system says of a link
        raise AssertionError("followed")
    assert elsewhere.read_text() == "kept"


def test_a_process_that_is_killed_lets_go_and_its_children_do_not_keep_the_lock(tmp_path: Path) -> None:
    script = (
        "import os, signal, subprocess, sys\nfrom pathlib import Path\nfrom engine.file_lock import locked\n"
        f"with locked(Path({str(tmp_path / 'a.lock')!r}), 'the dead'):\n"
        "    subprocess.Popen(['sleep', '5'], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    ended = subprocess.run([sys.executable, "-c", script], cwd=ROOT, timeout=30, check=False)
    assert ended.returncode == -9
    assert (tmp_path / "a.lock").read_text() == "the dead\n"
    with locked(tmp_path / "a.lock", "the living"):
        pass
