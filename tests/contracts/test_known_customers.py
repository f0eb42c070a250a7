"""The contract of known customers: one suite, every adapter."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest

from catalogue.errors import StreamUnavailable
from pipeline.collecting.known_customers import CachedCustomers
from pipeline.collecting.known_customers_dynamodb import CACHE_SECONDS, KEPT, DynamoDbKnownCustomers
from pipeline.collecting.known_customers_embedded import EmbeddedKnownCustomers
from tests.contracts.test_live_store import TABLE, aws_table
from tests.support.collecting import NOW
from tests.support.paths import ROOT

# a process that links, says so, and waits to be killed
LINKS_AND_WAITS = """
import sys
from pathlib import Path
from pipeline.collecting.known_customers_embedded import EmbeddedKnownCustomers
EmbeddedKnownCustomers(Path(sys.argv[1])).link("shop", {"device-1": "c1"})
print("linked", flush=True)
sys.stdin.read()
"""


@dataclass
class Place:
    """An adapter under test, the way to open it again as a new process would, and the way to break it."""

    customers: CachedCustomers
    reopen: Callable[[], CachedCustomers]
    break_it: Callable[[], None]


@pytest.fixture(params=["embedded", "dynamodb"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    if request.param == "embedded":
        opened: list[EmbeddedKnownCustomers] = []

        def again() -> EmbeddedKnownCustomers:
            opened.append(EmbeddedKnownCustomers(tmp_path / "stream" / "customers.sqlite"))
            return opened[-1]

        first = again()
        yield Place(first, again, first.close)
        for customers in opened:
            customers.close()
        return
    with aws_table() as client:
        store = DynamoDbKnownCustomers(client, TABLE)
        yield Place(
            store, lambda: DynamoDbKnownCustomers(client, TABLE), lambda: setattr(store, "_table", "no-such-table")
        )


def test_an_anonymous_id_is_nobodys_until_it_is_linked_and_the_last_link_is_good(place: Place):
    customers = place.customers
    assert customers.customer_of("shop", "device-1") is None
    customers.link("shop", {"device-1": "c1", "device-2": "c2"})
    assert customers.customer_of("shop", "device-1") == "c1"
    customers.link("shop", {"device-1": "c9"})
    assert (customers.customer_of("shop", "device-1"), customers.customer_of("shop", "device-2")) == ("c9", "c2")


def test_equal_ids_of_two_namespaces_are_two_devices(place: Place):
    place.customers.link("shop", {"device/1": "c1"})
    place.customers.link("", {"device/1": "c2"})
    found = [place.customers.customer_of(namespace, "device/1") for namespace in ("shop", "", "outlet")]
    assert found == ["c1", "c2", None]


def test_another_process_knows_every_link_of_the_first(place: Place):
    place.customers.link("shop", {f"ü '#/{number}": f"c{number}" for number in range(60)})
    place.customers.link("shop", {"ü '#/7": "c1"})
    again = place.reopen()
    assert [again.customer_of("shop", f"ü '#/{number}") for number in (0, 7, 59)] == ["c0", "c1", "c59"]


def test_a_person_is_found_by_links_of_links_and_forgotten_with_all_of_them(place: Place):
    customers = place.customers
    customers.link("shop", {"device/1": "c1", "device-2": "c2"})
    customers.link("", {"laptop": "device/1", "c1": "c0"})
    assert customers.linked_to({"c1"}) == {"device/1", "laptop"}
    assert customers.linked_to({"nobody"}) == frozenset()
    assert customers.forget({"c1", "device/1", "laptop"}) == 3
    found = [customers.customer_of(namespace, name) for namespace, name in (("shop", "device/1"), ("", "laptop"))]
    assert found == [None, None]
    assert customers.customer_of("shop", "device-2") == place.reopen().customer_of("shop", "device-2") == "c2"
    assert customers.forget({"c1"}) == 0


def test_what_cannot_be_kept_is_an_error_that_names_the_place_and_nothing_made_up(place: Place):
    place.customers.link("shop", {"device-1": "c1"})
    place.break_it()
    with pytest.raises(StreamUnavailable, match="nown customers"):
        place.customers.link("shop", {"device-1": "c2"})
    with pytest.raises(StreamUnavailable) as caught:
        place.customers.customer_of("shop", "device-1")
    assert caught.value.where
    assert caught.value.remedy
    assert place.reopen().customer_of("shop", "device-1") == "c1"


def test_threads_that_link_and_ask_at_the_same_time_never_unlearn_a_link(place: Place):
    def link_and_ask(number: int) -> list[str | None]:
        place.customers.customer_of("shop", f"device-{number + 1}")  # another's, which may be remembered as nobody's
        place.customers.link("shop", {f"device-{number}": f"c{number}"})
        return [place.customers.customer_of("shop", f"device-{number}")]

    with ThreadPoolExecutor(8) as threads:
        assert list(threads.map(link_and_ask, range(40))) == [[f"c{number}"] for number in range(40)]
    assert [place.customers.customer_of("shop", f"device-{number}") for number in range(40)] == [
        f"c{number}" for number in range(40)
    ]


def test_answers_are_asked_for_once_and_no_more_than_fit_are_remembered(tmp_path: Path):
    class Counting(EmbeddedKnownCustomers):
        asked = 0

        def _read(self, namespace: str, anonymous_id: str) -> str | None:
            self.asked += 1
            return super()._read(namespace, anonymous_id)

    customers = Counting(tmp_path / "customers.sqlite", capacity=2)
    customers.link("shop", {"device-1": "c1"})
    for _ in range(3):
        assert customers.customer_of("shop", "device-1") == "c1"
        assert customers.customer_of("shop", "device-2") is None
    assert customers.asked == 1
    customers.customer_of("shop", "device-1")
    customers.customer_of("shop", "device-3")  # in place of device-2, which was used the longest ago
    assert customers.customer_of("shop", "device-1") == "c1"
    assert (customers.asked, len(customers._answers)) == (2, 2)
    customers.customer_of("shop", "device-2")
    assert customers.asked == 3
    customers.close()


def test_a_link_of_another_lambda_is_seen_after_a_minute_and_expires_after_400_days():
    seconds = [0.0]
    with aws_table() as client:
        mine = DynamoDbKnownCustomers(client, TABLE, clock=lambda: seconds[0])
        assert mine.customer_of("shop", "device-1") is None
        DynamoDbKnownCustomers(client, TABLE, now=lambda: NOW).link("shop", {"device-1": "c1"})
        seconds[0] = CACHE_SECONDS - 1
        assert mine.customer_of("shop", "device-1") is None
        seconds[0] = CACHE_SECONDS
        assert mine.customer_of("shop", "device-1") == "c1"
        (item,) = client.scan(TableName=TABLE)["Items"]
    assert item == {
        "pk": {"S": "customer_of#shop/device-1"},
        "sk": {"S": "link"},
        "customer_id": {"S": "c1"},
        "expires": {"N": str(int((NOW + KEPT).timestamp()))},
    }
    assert timedelta(days=400) == KEPT


@pytest.mark.slow
def test_a_link_outlives_a_killed_process(tmp_path: Path):
    file = tmp_path / "customers.sqlite"
    command = [sys.executable, "-c", LINKS_AND_WAITS, file]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"linked\n"
        process.kill()
    customers = EmbeddedKnownCustomers(file)
    assert customers.customer_of("shop", "device-1") == "c1"
    customers.close()


def test_a_file_that_is_no_database_is_named_with_what_to_do(tmp_path: Path):
    file = tmp_path / "customers.sqlite"
    file.write_bytes(b"no database" * 100)
    with pytest.raises(StreamUnavailable, match="not a database") as caught:
        EmbeddedKnownCustomers(file)
    assert (caught.value.where, "deleted" in str(caught.value.remedy)) == (str(file), True)


def test_a_link_that_has_expired_and_is_not_deleted_yet_is_none():
    with aws_table() as client:
        later = NOW + KEPT
        DynamoDbKnownCustomers(client, TABLE, now=lambda: NOW).link("shop", {"device-1": "c1"})
        found = [
            DynamoDbKnownCustomers(client, TABLE, now=lambda at=at: at).customer_of("shop", "device-1")  # type: ignore[misc]
            for at in (later - timedelta(seconds=1), later)
        ]
    assert found == ["c1", None]
