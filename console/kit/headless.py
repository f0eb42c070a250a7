"""Runs a page without a browser."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

from streamlit.testing.v1 import AppTest

from catalogue.errors import QueryFailed
from console.kit.navigation import PageEntry

SECONDS = 120.0  # the first run imports pandas, and the machine may be busy
_CONTEXT = "streamlit.runtime.scriptrunner_utils.script_run_context"  # warns that there is no browser


def run(page: PageEntry, view: Mapping[str, Sequence[str]]) -> None:
    """Run a page to its end with the settings of this process.

    Parameters
    ----------
    view : the URL's parameters, such as ``{"period": ["12m"]}``

    Raises
    ------
    QueryFailed
        The page raises an error, or shows its failed state.
    """
    with _without_warning():
        script = AppTest.from_file(str(page.path), default_timeout=SECONDS)
        for name, values in view.items():
            script.query_params[name] = list(values)
        script.run()
    failure = script.exception[0].message if script.exception else _failure(script)
    if failure:
        raise QueryFailed(
            f"The page {page.title} cannot be shown: {failure}", where=page.file, remedy="Open it in the console."
        )


@contextmanager
def _without_warning() -> Iterator[None]:
    """Silence Streamlit's warning that there is no browser: none is meant to be there."""
    log = logging.getLogger(_CONTEXT)
    level = log.level
    log.setLevel(logging.ERROR)
    try:
        yield
    finally:
        log.setLevel(level)


def _failure(script: AppTest) -> str:
    """The text of the failed state; empty where the page shows another state."""
    written = (str(block.proto.body) for block in script.get("html"))
    return next((re.sub(r"<[^>]+>", " ", text).strip() for text in written if "tk-failed" in text), "")
