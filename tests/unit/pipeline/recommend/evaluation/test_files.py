"""Files of interactions in every form that is in use, and an account of each row."""

import gzip

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from catalogue.errors import ImportFailed, SettingsError
from pipeline.recommend.evaluation import files
from pipeline.recommend.evaluation.columns import seconds


@pytest.fixture
def read(tmp_path):
    def read(content, name="file", columns=""):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return files.read(path, columns=columns)

    return read


def rows(found):
    """User, item and time of each row, in the order of the file."""
    inside = found.interactions
    return [
        (inside.customers[customer], inside.products[product], int(at))
        for customer, product, at in zip(inside.customer, inside.product, inside.at, strict=True)
    ]


EXPECTED = [("196", "242", 881250949), ("22", "377", 878887116)]

FORMS = {
    "tabs, no header (MovieLens-100k's u.data)": "196\t242\t3\t881250949\n22\t377\t1\t878887116\n",
    "two colons, no header (MovieLens-1M)": "196::242::3::881250949\n22::377::1::878887116\n",
    "commas, a header (MovieLens-20M)": (
        "userId,movieId,rating,timestamp\n196,242,3.0,881250949\n22,377,1.0,878887116\n"
    ),
    "tabs, names with types (RecBole)": (
        "user_id:token\titem_id:token\trating:float\ttimestamp:float\n196\t242\t3\t881250949\n22\t377\t1\t878887116\n"
    ),
    "semicolons and quotes": '"User-ID";"ISBN";"timestamp"\n"196";"242";"881250949"\n"22";"377";"878887116"\n',
    "spaces": "196 242 3 881250949\n22 377 1 878887116\n",
    "other order": "timestamp,product_id,customer_id\n881250949,242,196\n878887116,377,22\n",
    "milliseconds": "user,item,time\n196,242,881250949000\n22,377,878887116000\n",
    "ISO 8601 and a time with an offset": (
        "user,item,event_time\n196,242,1997-12-04 15:55:49 UTC\n22,377,1997-11-07T08:18:36+01:00\n"
    ),
    "a time as the third column, no header": "196,242,881250949\n22,377,878887116\n",
    "Windows line ends, a byte order mark, blank lines": (
        "\ufeffuser,item,ts\r\n196,242,881250949\r\n\r\n22,377,878887116"
    ),
}


@pytest.mark.parametrize("content", FORMS.values(), ids=FORMS)
def test_each_form_is_recognised(read, content):
    found = read(content)
    assert rows(found) == EXPECTED
    assert (found.rows, found.bad) == (2, ())
    assert found.interactions.weight.tolist() == [1, 1]


def test_a_compressed_file_is_read_as_the_one_inside(read):
    assert rows(read(gzip.compress(b"196\t242\t3\t881250949\n22\t377\t1\t878887116\n"), "u.data.gz")) == EXPECTED


def test_parquet_is_read_by_the_names_of_its_columns(tmp_path):
    path = tmp_path / "clicks.parquet"
    table = {"item_id": [242, 377], "user_id": ["196", "22"], "timestamp": [881250949, 878887116]}
    pq.write_table(pa.table(table), path)
    assert rows(files.read(path)) == EXPECTED


def test_users_and_items_alone_are_enough(read):
    found = read("ann,tea\nbob,cup\n")
    assert rows(found) == [("ann", "tea", 0), ("bob", "cup", 0)]
    assert found.columns == {"user": "column 1", "item": "column 2"}


def test_a_small_third_number_is_a_rating(read):
    found = read("1,2,5\n")
    assert found.columns == {"user": "column 1", "item": "column 2", "rating": "column 3"}


def test_ids_are_numbered_by_their_order_so_that_the_order_of_the_rows_means_nothing(read):
    found = read("b,y\na,x\nb,x\n").interactions
    assert (found.customers, found.products) == (("a", "b"), ("x", "y"))
    assert (found.customer.tolist(), found.product.tolist()) == ([1, 0, 1], [1, 0, 0])


def test_every_bad_row_is_counted_under_its_reason_with_its_line(read):
    found = read(
        "user,item,rating,timestamp\n"
        "ann,tea,5,881250949\n"
        ",tea,5,881250949\n"
        "ann,,5,881250949\n"
        "ann,cup,many,881250949\n"
        "ann,cup,5,yesterday\n"
        "ann,cup\n"
        "bob,cup,5,nan\n"
        "bob,cup,4,881250950\n"
    )
    assert rows(found) == [("ann", "tea", 881250949), ("bob", "cup", 881250950)]
    assert {bad.reason: (bad.count, bad.first) for bad in found.bad} == {
        "has no user": (1, [3]),
        "has no item": (1, [4]),
        "has a rating that is no number": (1, [5]),
        "has a time that cannot be read": (2, [6, 8]),
        "has another number of columns, or a quote that does not close": (1, [7]),
    }
    assert found.rows == len(found.interactions) + sum(bad.count for bad in found.bad)


def test_of_many_bad_rows_the_first_are_named_and_all_are_counted(read):
    found = read("user,item\n" + ",tea\n" * 100 + "ann,tea\n")
    assert (found.bad[0].count, found.bad[0].first) == (100, [2, 3, 4, 5, 6])


def test_columns_can_be_named_by_their_names_in_the_header(read):
    found = read("who,what,when,price\nann,tea,881250949,2.5\n", columns="user=who,item=what,timestamp=when")
    assert rows(found) == [("ann", "tea", 881250949)]
    assert found.columns == {"user": "who", "item": "what", "timestamp": "when"}


def test_columns_can_be_named_in_their_order_where_there_is_no_header(read):
    assert rows(read("881250949|x|tea|ann\n", columns="timestamp,-,item,user")) == [("ann", "tea", 881250949)]


@pytest.mark.parametrize(
    ("content", "columns", "message"),
    [
        ("a,b,c,d,e\n", "", "cannot be seen which column is what"),
        ("a,b,c\n", "", "cannot be seen which column is what"),
        ("alone\n", "", "cannot be seen which column is what"),
        ("user,thing\na,b\n", "", "No column is known as the item"),
        ("user,item\na,b\n", "user=User", "no column 'User'.*user, item"),
        ("user,item\na,b\n", "colour=item", "cannot be read at 'colour'"),
        ("a,b,c\n", "user,item", "2 columns are named, and the first line has 3"),
        ("a,b\n", "user,user", "with user and item"),
        ("\n", "", "no line"),
    ],
)
def test_what_cannot_be_seen_is_asked_for(read, content, columns, message):
    with pytest.raises(SettingsError, match=message):
        read(content, columns=columns)


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(ImportFailed, match="no such file"):
        files.read(tmp_path / "absent.csv")


def test_reading_reports_how_far_it_is(tmp_path):
    path = tmp_path / "file.csv"
    path.write_text("user,item\n" + "ann,tea\n" * 30_000)
    shares = []
    found = files.read(path, progress=shares.append)
    assert len(found.interactions) == 30_000
    assert shares == sorted(shares)
    assert shares[-1] == 1.0
    assert np.array(shares).max() <= 1


@pytest.mark.parametrize("text", ["1e300", "-1e300", "inf", "nan", "99999999999999999"])
def test_a_number_that_is_no_time_of_any_calendar_is_none(text):
    assert seconds(text) is None
