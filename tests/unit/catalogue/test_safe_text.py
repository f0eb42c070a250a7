"""Text from outside, in a spreadsheet and on a terminal."""

from __future__ import annotations

import pytest

from catalogue.safe_text import guarded, printable


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("Lamp\nGreen", r"Lamp\nGreen"),
        ("Lamp\r\tGreen", r"Lamp\r\tGreen"),
        ("\x1b]0;owned\x07", r"\x1b]0;owned\x07"),  # sets the title of a terminal
        ("\x9b31mred", r"\x9b31mred"),  # the escape of one byte that begins a colour
        ("\u202egnp.exe", r"\u202egnp.exe"),  # reads backwards from here
        ("one\u2028two", r"one\u2028two"),
        ("half \ud83d", r"half \ud83d"),  # no text that could be printed at all
    ],
)
def test_what_commands_a_terminal_or_begins_a_line_is_shown_escaped(written: str, shown: str) -> None:
    assert printable(written) == shown


@pytest.mark.parametrize("text", ["", "Crème brûlée", "Лампа", "緑のランプ", "👩‍🔧", r"a\b", "5 %\u00a0off"])
def test_every_other_text_is_shown_as_it_is(text: str) -> None:
    assert printable(text) == text


@pytest.mark.parametrize("text", ["plain", "a=b", "", "'=quoted already", "−5"])
def test_what_is_no_formula_is_left_alone(text: str) -> None:
    assert guarded(text) == text
