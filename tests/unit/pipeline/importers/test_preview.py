"""``import --preview``: the first rows as events, and nothing written."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from pipeline.importers import Source, preview
from pipeline.importers.mapped import MappedImporter
from pipeline.importers.mapping import read_mapping
from pipeline.lake import LakeSettings
from tests.support.commands import call

MAPPING = """
[columns]
occurred_at = "Day"
customer_id = "Who"
order_id = "Order"
product_id = "Item"
quantity = "Qty"
total = "Amount"
"product.name" = "Title"
[constants]
event_type = "purchase"
currency = "EUR"
[event_id]
column = "Line"
"""
TABLE = """Line,Day,Who,Order,Item,Qty,Amount,Title
1,2026-01-05,c1,o1,A1,2,9.00,Red lamp
2,2026-01-05,c1,o1,A2,3,10.00,A vase with a name that is far too long for one cell
2,2026-01-05,c1,o1,A2,3,10.00,A vase with a name that is far too long for one cell
3,soon,c2,o2,A1,1,4.50,Red lamp
4,2026-01-06,c3@shop.example,o3,A1,1,4.50,Red lamp
"""


def test_rows_are_shown_as_the_events_they_would_be_with_what_would_be_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    (tmp_path / "map.toml").write_text(MAPPING)
    (tmp_path / "orders.csv").write_text(TABLE)
    assert (
        call(
            "import",
            "csv",
            tmp_path / "orders.csv",
            "--map",
            tmp_path / "map.toml",
            "--preview",
            "--lake",
            tmp_path / "lake",
        )
        == 0
    )
    assert (
        capsys.readouterr().out
        == """\
orders.csv: all 5 rows = 2 accepted + 1 duplicates + 2 quarantined; nothing was imported

in every event: event_type purchase, occurred_at 2026-01-05T00:00:00Z, customer_id c1, currency EUR, order_id o1

line  event_id  product_id  quantity  unit_price  product.name
2     1         A1          2         4.5000      Red lamp
3     2         A2          2         3.3333      A vase with a name that is …
3     2~2       A2          1         3.3334      A vase with a name that is …
4     2         A2          2         3.3333      A vase with a name that is …
4     2~2       A2          1         3.3334      A vase with a name that is …

would be quarantined, invalid_value: 1
  orders.csv:5: Column Day (occurred_at): 'soon' is not an ISO 8601 time.

would be quarantined, personal_data: 1
  orders.csv:6: Field customer_id holds an e-mail address; send a pseudonym, such as a salted hash.
"""
    )
    assert not (tmp_path / "lake").exists()


def test_only_the_first_rows_of_a_long_file_are_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(preview, "ROWS_CHECKED", 3)
    (tmp_path / "orders.csv").write_text(TABLE)
    seen = preview.preview(
        MappedImporter(read_mapping(MAPPING, where="map.toml")),
        Source(tmp_path / "orders.csv"),
        LakeSettings(reporting_currency="EUR"),
        now=datetime(2026, 3, 2, tzinfo=UTC),
    )
    assert (seen.received, seen.accepted, seen.duplicates, seen.quarantined, seen.complete) == (3, 2, 1, 0, False)
    assert preview.as_text(seen).startswith("orders.csv: the first 3 rows = ")


def test_a_key_that_no_line_has_is_named(tmp_path: Path):
    mapping = MAPPING.replace('"Title"', '"item.title"')
    line = '{"Line": "1", "Day": "2026-01-05", "Who": "c1", "Order": "o1", "Item": "A1", "Qty": 1, "Amount": 9}'
    (tmp_path / "orders.jsonl").write_text(line)
    importer = MappedImporter(read_mapping(mapping, where="map.toml"))
    seen = preview.preview(importer, Source(tmp_path / "orders.jsonl"), LakeSettings())
    assert (seen.accepted, seen.unseen) == (1, ["item.title"])
    assert "no line so far has item.title; an import fails where none has" in preview.as_text(seen)
