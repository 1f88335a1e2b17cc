from __future__ import annotations

import subprocess
import sys
from typing import get_args

import pytest

from statecharts.catalog import CHARTS
from statecharts.chart import Chart, ChartError
from statecharts.render import RENDER_COMMAND, SUFFIXES, Form, render
from tests.statecharts.sample import SAMPLE, changed, with_row

FORMS: tuple[Form, ...] = get_args(Form)
every_form = pytest.mark.parametrize("form", FORMS)


@every_form
@pytest.mark.parametrize("chart", [*CHARTS, SAMPLE], ids=lambda chart: str(chart.name))
def test_every_chart_is_written_in_every_form_the_same_each_time(chart: Chart, form: Form) -> None:
    text = render(chart, form)
    assert text == render(chart, form)
    assert text.endswith("\n")
    assert not text.endswith("\n\n")
    assert [row.id for row in chart.rows if row.id not in text] == []


@every_form
def test_counts_are_shown_in_every_form(form: Form) -> None:
    text = render(SAMPLE, form, {"K7": 41})
    assert "×41" in text
    assert "×41" not in render(SAMPLE, form)


@pytest.mark.parametrize("form", ["table", "markdown"])
def test_what_was_never_taken_is_marked(form: Form) -> None:
    text = render(SAMPLE, form, {row.id: 1 for row in SAMPLE.rows if row.id != "K4"})
    assert text.count("never taken") == 1
    assert "Taken: 7 of 8; never: K4." in " ".join(text.split())


@every_form
def test_a_malformed_chart_is_not_drawn(form: Form) -> None:
    with pytest.raises(ChartError):
        render(changed(rows=()), form)


@every_form
def test_a_changed_chart_gives_another_text(form: Form) -> None:
    assert render(with_row("K5", do=("sing",)), form) != render(SAMPLE, form)


def test_the_page_has_picture_matrix_rows_reasons_and_states() -> None:
    text = render(SAMPLE, "markdown")
    heads = [line for line in text.splitlines() if line.startswith("#")]
    assert heads == [
        "# kettle",
        "## Picture",
        "## Every state × every trigger",
        "## Rows",
        "## Ignored, and why",
        "## States",
    ]
    assert text.count("```mermaid\nstateDiagram-v2\n") == 1
    assert RENDER_COMMAND in text
    assert SAMPLE.doc in text


def test_every_form_has_a_file_ending() -> None:
    assert tuple(SUFFIXES) == FORMS


def test_the_same_bytes_whatever_the_hash_seed() -> None:
    code = (
        "from hashlib import sha256\nfrom statecharts.catalog import CHARTS\n"
        "from statecharts.render import SUFFIXES, render\n"
        "text = ''.join(render(chart, form) for chart in CHARTS for form in SUFFIXES)\n"
        "print(sha256(text.encode()).hexdigest())"
    )
    digests = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={"PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2", "3")
    }
    assert len(digests) == 1
