"""Two servers to compare the collector with, on the same uvicorn: what a request costs that does nothing.

``python bench/echo.py --port 8600`` answers a POST with its body, through Starlette. With ``--durable FOLDER`` it first
writes the body to a file: all requests that wait together in one write, with one fsync.
"""

from __future__ import annotations

import argparse
import asyncio
import os
from pathlib import Path

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from pipeline.collecting import serving


class GroupFile:
    """A file to which requests write together. Nothing is checked, and nothing is handled that could fail."""

    def __init__(self, path: Path) -> None:
        self._handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        self._waiting: list[tuple[bytes, asyncio.Future[None]]] = []
        self._writer: asyncio.Task[None] | None = None

    async def append(self, data: bytes) -> None:
        """Write data; it is on disk when this returns."""
        done = asyncio.get_running_loop().create_future()
        self._waiting.append((data, done))
        if self._writer is None:
            self._writer = asyncio.create_task(self._write())
        await done

    async def _write(self) -> None:
        while self._waiting:
            group, self._waiting = self._waiting, []
            await asyncio.to_thread(self._store, b"".join(data for data, _ in group))
            for _, done in group:
                done.set_result(None)
        self._writer = None

    def _store(self, data: bytes) -> None:
        os.write(self._handle, data)
        os.fdatasync(self._handle)


def app(file: GroupFile | None) -> Starlette:
    """The echo; durable where there is a file."""

    async def echo(request: Request) -> Response:
        body = await request.body()
        if file is not None:
            await file.append(body)
        return Response(body, 202)

    async def ready(_request: Request) -> Response:
        return JSONResponse({"status": "ready"})

    return Starlette(routes=[Route("/v1/events", echo, methods=["POST"]), Route("/readyz", ready)])


def main() -> None:
    """Serve on this machine's loopback."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--durable", type=Path)
    chosen = parser.parse_args()
    file = GroupFile(chosen.durable / "written") if chosen.durable else None
    uvicorn.run(app(file), host="127.0.0.1", port=chosen.port, **serving.options())


if __name__ == "__main__":
    main()
