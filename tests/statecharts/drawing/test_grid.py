from __future__ import annotations

from statecharts.drawing.grid import markdown_section, text_section
from statecharts.drawing.page import Grid, Section

SECTION = Section(
    title="Two things",
    text="Why.",
    grids=(Grid(heads=("", "A.one"), rows=((("x",), ("1", "2")), (("y|z",), ("<b> & *",)))),),
)


def test_markdown_keeps_lines_of_a_cell_and_escapes_what_markdown_reads() -> None:
    assert markdown_section(SECTION) == (
        "## Two things\n\nWhy.\n\n|  | A.one |\n| --- | --- |\n| x | 1<br>2 |\n| y\\|z | &lt;b&gt; &amp; \\* |"
    )


def test_text_stands_in_columns() -> None:
    assert text_section(SECTION) == (
        "Two things\n----------\n\nWhy.\n\n    | A\n    | .one\n----+--------\nx   | 1\n    | 2\ny|z | <b> & *"
    )


def test_prose_is_wrapped_in_fixed_width() -> None:
    section = Section(title="T", grids=(Grid(heads=("why",), rows=((("word " * 20,),),)),))
    assert max(len(line) for line in text_section(section).splitlines()) <= 36


def test_a_section_without_text_has_no_empty_paragraph() -> None:
    assert markdown_section(Section(title="T")) == "## T"
    assert text_section(Section(title="T")) == "T\n-"
