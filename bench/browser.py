"""The Revenue page in a real Chromium: opened until all is drawn, and after a change of filter.

The browser is warm, as a reader's is on the second day: its cache holds the console's scripts. Skipped, with a line
that says so, where there is no Chromium.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

from bench.options import Options, Record, percentile, record
from tests.browser.conftest import FLAGS, IDLE, ROOT, chromium, served

OPENS = 9


def measure(options: Options) -> Iterator[Record]:
    """Median and p95 of opening and of changing the period, by size."""
    path = chromium()
    if path is None:
        yield {"bench": "browser", "skipped": "no Chromium"}
        return
    for events in options.sizes:
        lake = options.lake(events)
        with served(ROOT / "app.py", lake) as address:
            opened, changed = _visit(path, address)
        for kind, values in (("open", opened), ("change", changed)):
            yield record(f"browser.revenue.{kind}_median", percentile(values, 0.5), "ms", events=events)
            yield record(f"browser.revenue.{kind}_p95", percentile(values, 0.95), "ms", events=events)


def _visit(chromium_path: str, address: str) -> tuple[list[float], list[float]]:
    from playwright.sync_api import sync_playwright

    opened, changed = [], []
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=chromium_path, args=list(FLAGS))
        page = running.new_context(viewport={"width": 1440, "height": 900}).new_page()
        for number in range(OPENS + 1):
            started = time.perf_counter()
            page.goto(f"{address}/revenue?period=90d")
            page.wait_for_function(IDLE, polling=10)
            if number:  # the first fills the browser's cache
                opened.append((time.perf_counter() - started) * 1000)
        for number in range(OPENS + 1):
            before = page.locator(".tk-dates").inner_text()
            page.get_by_role("combobox").first.click()
            choice = page.get_by_role(
                "option", name="Last 28 days" if number % 2 == 0 else "Last 12 months", exact=True
            )
            choice.wait_for()
            started = time.perf_counter()
            choice.click()
            page.wait_for_function(
                "text => document.querySelector('.tk-dates')?.innerText !== text", arg=before, polling=10
            )
            page.wait_for_function(IDLE, polling=10)
            if number:
                changed.append((time.perf_counter() - started) * 1000)
        running.close()
    return opened, changed


if __name__ == "__main__":
    import sys

    for measured_record in measure(Options([int(size) for size in sys.argv[1:]] or [1_000_000], Path("build/bench"))):
        print(measured_record)
