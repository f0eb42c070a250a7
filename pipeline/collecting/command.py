"""``python -m pipeline keys``: who may send events to a lake."""

from __future__ import annotations

import argparse
import sys
from datetime import UTC, datetime, timedelta

from catalogue.errors import SettingsError
from pipeline.collecting.keys import FILE, GRACE, KeyFile, WriteKey
from pipeline.lake import Lake
from pipeline.options import add_lake

_EXAMPLES = """examples:
  python -m pipeline keys create web-shop
  python -m pipeline keys rotate web-shop --grace-days 7
  python -m pipeline keys revoke 1f2e3d4c
"""


def add_keys_arguments(parser: argparse.ArgumentParser) -> None:
    """Give `parser` the options that `run_keys` reads."""
    parser.description = "Make, list and end the write keys of a lake. A running collector follows at once."
    parser.epilog = _EXAMPLES
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    listing = actions.add_parser("list", help="every key, without its secret")
    create = actions.add_parser("create", help="make a key for a source; it is shown once")
    rotate = actions.add_parser("rotate", help="make a new key for a source, and let its others end")
    revoke = actions.add_parser("revoke", help="end a key now")
    for each in (create, rotate):
        each.add_argument("source", metavar="SOURCE", help="who sends with it, such as web-shop")
    rotate.add_argument(
        "--grace-days",
        type=float,
        default=GRACE / timedelta(days=1),
        metavar="DAYS",
        help="how long the others live on",
    )
    revoke.add_argument("id", metavar="ID", help="as `keys list` shows it")
    for each in (listing, create, rotate, revoke):
        add_lake(each)


def run_keys(args: argparse.Namespace) -> int:
    """Do what the options say; returns the exit code.

    Raises
    ------
    TakingsError
        There is no lake, or the keys cannot be read or written.
    """
    lake = Lake.open(args.lake)
    file = KeyFile(lake.root / FILE)
    if args.action == "list":
        _list(file.all())
        return 0
    if args.action == "revoke":
        key = file.revoke(args.id)
        sys.stdout.write(f"Key {key.id} of {key.source} has ended.\n")
        return 0
    if args.action == "rotate":
        if not 0 <= args.grace_days <= 3650:
            raise SettingsError("The grace is no number of days from 0 to 3650", where="--grace-days")
        _, secret = file.rotate(args.source, timedelta(days=args.grace_days))
    else:
        _, secret = file.create(args.source)
    sys.stdout.write(f"{secret}\n")
    sys.stderr.write(f"This key of {args.source} is shown once; only its digest is kept.\n")
    return 0


def _list(keys: list[WriteKey]) -> None:
    if not keys:
        sys.stdout.write("No keys. Make one with `python -m pipeline keys create SOURCE`.\n")
    now = datetime.now(UTC)
    for key in keys:
        made = f"made {key.created_at:%Y-%m-%d}"
        end = (
            ""
            if key.expires_at is None
            else f"{'ends' if key.is_valid(now) else 'ended'} {key.expires_at:%Y-%m-%d %H:%M} UTC"
        )
        sys.stdout.write(f"{key.id}  {key.source:<24} {made}  {end}".rstrip() + "\n")
