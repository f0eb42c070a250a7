"""The ASGI app: console, collector and health, on this machine's loopback.

``python app.py`` and ``takings serve`` serve it on http://localhost:8501; any ASGI server can serve ``app:app``.
"""

from __future__ import annotations

import argparse
import os
import sys
import threading
import webbrowser
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import streamlit as st
from anyio.to_thread import run_sync
from starlette.middleware import Middleware

import console.kit
from catalogue.errors import TakingsError
from catalogue.project_files import ROOT
from console import wiring
from console.kit import gc_tuning
from console.kit.hosting import KnownHost
from pipeline.collecting import access
from pipeline.collecting.http import Shortcut

HOST = "127.0.0.1"
PORT = 8501
SHELL = Path(console.kit.__file__).with_name("shell.py")
QUIET_SECONDS = 10.0  # after the start: the first page has both cores for itself


def _log(reason: str | TakingsError) -> None:
    print(f"takings: {reason}", file=sys.stderr, flush=True)  # noqa: T201 - the server's own log


def _warm() -> None:
    """Open the lake before the first reader comes; a lake that is missing is the page's to explain."""
    try:
        wiring.viewer().ask("lake/days")
    except TakingsError as error:
        _log(error)


def _look_ahead() -> None:
    """Work out forecast and anomalies before the Brief is asked for them; what fails is the page's to explain.

    With them all that stays is loaded.
    """
    from console.budgets import answer as budgets

    with suppress(TakingsError):
        budgets.overview(wiring.viewer(), PROFILE.budgets, PROFILE.decisions, patience=None)
    gc_tuning.tune_garbage_collector()


PROFILE = wiring.profile()
SERVER = PROFILE.server


@asynccontextmanager
async def lifespan(_app: Any) -> AsyncIterator[None]:
    """Start the embedded platform with the server, warm up beside it, and stop both in order."""
    failure = await run_sync(SERVER.start)
    if failure:
        _log(failure)
    warm = threading.Thread(target=_warm, name="warm", daemon=True)
    warm.start()
    ahead = threading.Timer(QUIET_SECONDS, _look_ahead)
    ahead.daemon = True
    ahead.start()
    try:
        yield
    finally:
        ahead.cancel()
        await run_sync(SERVER.stop)
        for thread in (warm, ahead):  # DuckDB ends a process loudly that leaves while a thread still asks
            await run_sync(thread.join)


app = st.App(
    SHELL,
    lifespan=lifespan,
    middleware=[Middleware(Shortcut, routes=PROFILE.routes()), Middleware(KnownHost)],
)


def serve(host: str, port: int) -> None:
    """Serve the console and, at a desktop, open it in the browser."""
    import uvicorn

    from pipeline.collecting import serving

    os.chdir(ROOT)  # Streamlit reads .streamlit/config.toml from the working directory
    address = f"http://localhost:{port}"
    print(f"Takings: {address}", flush=True)  # noqa: T201 - what the person who started it waits for
    if sys.stdout.isatty() and (os.environ.get("DISPLAY") or sys.platform in ("darwin", "win32")):
        threading.Timer(1.0, webbrowser.open, [address]).start()
    if PROFILE.settings.access_log:
        access.log_to_stderr()
    sys.setswitchinterval(serving.SWITCH_SECONDS)
    uvicorn.run(app, host=host, port=port, **serving.options(PROFILE.settings.trusted_proxies))


def main() -> None:
    """Serve the console as the options say."""
    parser = argparse.ArgumentParser(description="Serve the Takings console.")
    parser.add_argument("--host", default=HOST, help="address to listen on (default: this machine only)")
    parser.add_argument("--port", type=int, default=PORT)
    options = parser.parse_args()
    serve(options.host, options.port)


if __name__ == "__main__":
    main()
