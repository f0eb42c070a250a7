"""``python -m pipeline traffic``: play the sample shop against a collector."""

from __future__ import annotations

import argparse
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from ipaddress import ip_address
from threading import Event, Thread, Timer
from time import monotonic
from types import FrameType
from urllib.parse import urlsplit

from catalogue.errors import SettingsError
from pipeline.traffic.pace import BATCH, bodies
from pipeline.traffic.sender import Sender, Tally

DEFAULT_URL = "http://127.0.0.1:8501"
LARGEST_BATCH = 500  # the collector takes no more in one request


def add_traffic_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command."""
    parser.add_argument("--rate", type=float, default=200, metavar="N", help="events per second (default: 200)")
    parser.add_argument("--url", default=DEFAULT_URL, help=f"the collector (default: {DEFAULT_URL})")
    parser.add_argument("--key", default="", help="write key of the collector's source")
    parser.add_argument("--seconds", type=float, metavar="N", help="stop after so many seconds (default: on Ctrl-C)")
    parser.add_argument("--batch", type=int, default=BATCH, metavar="N", help=f"events a request (default: {BATCH})")
    parser.add_argument("--allow-remote", action="store_true", help="send to another machine than this one")


def run_traffic(args: argparse.Namespace) -> int:
    """Send until told to stop, with a line a second on standard output; returns the exit code.

    Ends by itself after ``--seconds``, and on SIGINT and SIGTERM.

    Raises
    ------
    SettingsError
        An option has a value that cannot be used, or the write key is wrong.
    StreamUnavailable
        No collector answers.
    TakingsError
        The collector refused a request for good.
    """
    _check(args)
    total, second = Tally(), Tally()
    with _stopping(args.seconds) as stop:
        sender = Sender(args.url, args.key, stop)
        begun = shown = monotonic()
        try:
            for body in bodies(args.rate, args.batch, stop):
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
    return 0


def is_loopback(url: str) -> bool:
    """Whether an address stays on this machine."""
    host = urlsplit(url).hostname or ""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _check(args: argparse.Namespace) -> None:
    if not args.rate > 0:
        raise SettingsError(f"{args.rate} events per second is no rate", where="--rate", remedy="Give more than 0.")
    if not 1 <= args.batch <= LARGEST_BATCH:
        raise SettingsError(
            f"A request of {args.batch} events is not taken", where="--batch", remedy=f"Give 1 to {LARGEST_BATCH}."
        )
    if args.seconds is not None and not args.seconds > 0:
        raise SettingsError(f"{args.seconds} seconds are over already", where="--seconds", remedy="Give more than 0.")
    if not args.allow_remote and not is_loopback(args.url):
        raise SettingsError(
            f"{args.url} is another machine",
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
