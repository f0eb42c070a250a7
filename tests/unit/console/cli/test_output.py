"""What commands print: tables, CSV and JSON of text that senders wrote."""

from __future__ import annotations

import csv
import io
import json
from decimal import Decimal

import pytest

from console.cli import output

HOSTILE = [
    {"product": '=HYPERLINK("//evil","lamp")', "net": Decimal("-4.50")},
    {"product": "\x1b[2Jlamp\nsecond line", "net": Decimal("1.00")},
]


def printed(form: str, capsys: pytest.CaptureFixture[str]) -> str:
    output.show(HOSTILE, ("product", "net"), form, under="rows")
    return capsys.readouterr().out


def test_a_table_is_one_line_a_row_and_commands_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    assert printed("table", capsys).splitlines() == [
        "product                        net",
        "---------------------------  -----",
        '=HYPERLINK("//evil","lamp")  -4.50',
        r"\x1b[2Jlamp\nsecond line      1.00",
    ]


def test_csv_guards_text_that_a_spreadsheet_would_run_and_no_number(capsys: pytest.CaptureFixture[str]) -> None:
    assert list(csv.reader(io.StringIO(printed("csv", capsys)))) == [
        ["product", "net"],
        ['\'=HYPERLINK("//evil","lamp")', "-4.50"],
        ["\x1b[2Jlamp\nsecond line", "1.00"],
    ]


def test_json_has_every_text_as_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    names = [row["product"] for row in json.loads(printed("json", capsys))["rows"]]
    assert names == [row["product"] for row in HOSTILE]
