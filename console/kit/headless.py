"""A page run without a browser."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

from streamlit.testing.v1 import AppTest

from catalogue.errors import QueryFailed
from console.kit.navigation import PageEntry

SECONDS = 120.0  # a first run imports pandas, on a machine that may be busy
_CONTEXT = "streamlit.runtime.scriptrunner_utils.script_run_context"  # warns that there is no browser


def show(page: PageEntry, view: Mapping[str, Sequence[str]]) -> None:
    """Run a page to its end, by the settings of this process.

    Parameters
    ----------
    view : the URL's parameters, such as ``{"period": ["12m"]}``

    Raises
    ------
    QueryFailed
        It raises, or shows its failed state.
    """
    with _unwarned():
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
def _unwarned() -> Iterator[None]:
    """What runs inside is not told that it has no browser: it is meant to have none."""
    log = logging.getLogger(_CONTEXT)
    level = log.level
    log.setLevel(logging.ERROR)
    try:
        yield
    finally:
        log.setLevel(level)


def _failure(script: AppTest) -> str:
    """What a page says that shows its failed state; nothing where it shows another one."""
    written = (str(each.proto.body) for each in script.get("html"))
    return next((re.sub(r"<[^>]+>", " ", text).strip() for text in written if "tk-failed" in text), "")
