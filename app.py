"""The ASGI app: the console, on this machine's loopback.

``python app.py`` serves it on http://localhost:8501; any ASGI server can serve ``app:app``.
"""

from __future__ import annotations

import argparse
import os
import sys
import threading
import webbrowser
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import streamlit as st
from starlette.middleware import Middleware

from console import wiring
from console.errors import ConsoleError
from console.ui.hosting import KnownHost

ROOT = Path(__file__).resolve().parent
HOST = "127.0.0.1"
PORT = 8501


def _warm() -> None:
    """Open the lake before the first reader comes; a lake that is missing is the page's to explain."""
    try:
        wiring.viewer().ask("lake/days")
    except ConsoleError as error:
        print(f"console: {error}", file=sys.stderr)  # noqa: T201 - the server's own log


@asynccontextmanager
async def lifespan(_app: Any) -> AsyncIterator[None]:
    """Warm up beside the server, which answers at once."""
    threading.Thread(target=_warm, name="warm", daemon=True).start()
    yield


app = st.App(ROOT / "console" / "ui" / "shell.py", lifespan=lifespan, middleware=[Middleware(KnownHost)])


def main() -> None:
    """Serve the console and, at a desktop, open it in the browser."""
    import uvicorn

    parser = argparse.ArgumentParser(description="Serve the Takings console.")
    parser.add_argument("--host", default=HOST, help="address to listen on (default: this machine only)")
    parser.add_argument("--port", type=int, default=PORT)
    options = parser.parse_args()
    address = f"http://localhost:{options.port}"
    print(f"Takings: {address}", flush=True)  # noqa: T201 - what the person who started it waits for
    if sys.stdout.isatty() and (os.environ.get("DISPLAY") or sys.platform in ("darwin", "win32")):
        threading.Timer(1.0, webbrowser.open, [address]).start()
    uvicorn.run(app, host=options.host, port=options.port, log_level="warning")


if __name__ == "__main__":
    os.chdir(ROOT)  # Streamlit reads .streamlit/config.toml from the working directory
    main()
