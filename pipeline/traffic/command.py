"""``python -m pipeline traffic``: play the sample shop against a collector."""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from ipaddress import ip_address
from threading import Event, Thread, Timer
from time import monotonic
from types import FrameType
from typing import Annotated
from urllib.parse import urlsplit

import typer

from catalogue.errors import SettingsError
from pipeline.traffic.pace import BATCH, bodies
from pipeline.traffic.sender import Sender, Tally

DEFAULT_URL = "http://127.0.0.1:8501"
LARGEST_BATCH = 500  # the collector takes no more in one request


def traffic(
    rate: Annotated[float, typer.Option(metavar="N", help="events per second")] = 200,
    url: Annotated[str, typer.Option(help="the collector")] = DEFAULT_URL,
    key: Annotated[str, typer.Option(help="write key of the collector's source")] = "",
    seconds: Annotated[
        float | None, typer.Option(metavar="N", help="stop after so many seconds (default: on Ctrl-C)")
    ] = None,
    batch: Annotated[int, typer.Option(metavar="N", help="events a request")] = BATCH,
    allow_remote: Annotated[bool, typer.Option("--allow-remote", help="send to another machine than this one")] = False,
) -> None:
    """Play the sample shop against a collector.

    Prints a line a second, until Ctrl-C or for --seconds.
    """
    _check(rate, url, seconds, batch, allow_remote=allow_remote)
    total, second = Tally(), Tally()
    with _stopping(seconds) as stop:
        sender = Sender(url, key, stop)
        begun = shown = monotonic()
        try:
            for body in bodies(rate, batch, stop):
                taken = sender.post(body)
                if taken is None:
                    break
                second.add(taken)
                second.latencies += taken.latencies
                if monotonic() - shown >= 1:
                    shown = monotonic()
                    _say(f"{shown - begun:5.0f} s  {second}")
                    total.add(second)
                    second = Tally()
        finally:
            sender.close()
    total.add(second)
    _say(f"Stopped after {monotonic() - begun:.0f} s: {total}.")


def is_loopback(url: str) -> bool:
    """Whether an address stays on this machine."""
    host = urlsplit(url).hostname or ""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _check(rate: float, url: str, seconds: float | None, batch: int, *, allow_remote: bool) -> None:
    if not rate > 0:
        raise SettingsError(f"{rate} events per second is no rate", where="--rate", remedy="Give more than 0.")
    if not 1 <= batch <= LARGEST_BATCH:
        raise SettingsError(
            f"A request of {batch} events is not taken", where="--batch", remedy=f"Give 1 to {LARGEST_BATCH}."
        )
    if seconds is not None and not seconds > 0:
        raise SettingsError(f"{seconds} seconds are over already", where="--seconds", remedy="Give more than 0.")
    if not allow_remote and not is_loopback(url):
        raise SettingsError(
            f"{url} is another machine",
            where="--url",
            remedy="Invented visitors do not belong into a real shop's lake; --allow-remote sends them all the same.",
        )


@contextmanager
def _stopping(seconds: float | None) -> Iterator[Event]:
    """An event that is set by SIGINT, SIGTERM, or after so many seconds."""
    stop = Event()

    def end(_number: int, _frame: FrameType | None) -> None:
        Thread(target=stop.set).start()  # the interrupted thread may hold the event's lock: it cannot set it itself

    before = {number: signal.signal(number, end) for number in (signal.SIGINT, signal.SIGTERM)}
    timer = Timer(seconds, stop.set) if seconds is not None else None
    if timer:
        timer.daemon = True
        timer.start()
    try:
        yield stop
    finally:
        if timer:
            timer.cancel()
        for number, handler in before.items():
            signal.signal(number, handler)


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()
