"""``python -m pipeline keys``: who may send events to a lake, and read recommendations from it."""

from __future__ import annotations

import sys
from datetime import UTC, datetime, timedelta
from getpass import getpass
from pathlib import Path
from typing import Annotated, Literal

import typer

from catalogue.command_line import group
from catalogue.errors import SettingsError
from pipeline import options
from pipeline.collecting.keys import FILE, GRACE, KeyFile, WriteKey
from pipeline.lake import Lake

_EXAMPLES = """\b
examples:
  python -m pipeline keys create web-shop
  python -m pipeline keys create web-pages --public --namespace web-shop
  python -m pipeline keys create web-tag --public --namespace web-shop --alias G-ABC123
  python -m pipeline keys create web-orders --namespace web-shop --webhook shopify
  python -m pipeline keys create web-pages --read --public
  python -m pipeline keys rotate web-shop --grace-days 7
  python -m pipeline keys revoke 1f2e3d4c
"""


keys = group(
    help="Make, list and end the write and read keys of a lake. A running collector follows at once.", epilog=_EXAMPLES
)
Source = Annotated[str, typer.Argument(metavar="SOURCE", help="who sends with it, such as web-shop")]


@keys.command("list")
def list_keys(lake: options.Lake = options.DEFAULT_LAKE) -> None:
    """List every key, without its secret."""
    _list(_file(lake).all())


Public = Annotated[bool, typer.Option("--public", help="for pages and apps, where anybody can read it: no refunds")]
Read = Annotated[bool, typer.Option("--read", help="asks for recommendations, and sends nothing")]


@keys.command()
def create(
    source: Source,
    public: Public = False,
    read: Read = False,
    namespace: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="within which its event, order and session ids are unique; name the same one for sources that send the"
            " same orders, such as pages and server of a shop (default: the source's own)",
        ),
    ] = None,
    alias: Annotated[
        str,
        typer.Option(
            metavar="ID", help="what a tracker sends in place of the key: GA4's measurement id, Snowplow's app id"
        ),
    ] = "",
    webhook: Annotated[
        Literal["shopify", "woocommerce"] | None,
        typer.Option(help="the shop system that signs what it sends; its signing secret is read from the terminal"),
    ] = None,
    lake: options.Lake = options.DEFAULT_LAKE,
) -> None:
    """Make a key for a source; it is shown once."""
    file = _file(lake)
    if webhook is not None:
        if public or alias or read:
            raise SettingsError("A webhook key is neither public nor reads, nor has it an alias", where="--webhook")
        key = file.create_webhook(source, webhook, _signing_secret(), namespace=namespace)
        sys.stdout.write(f"/v1/webhooks/{webhook}?id={key.id}\n")
        sys.stderr.write(
            f"Enter this address, behind that of the collector, as {source}'s webhook. {FILE} keeps the signing secret,"
            f" readable by its owner alone. Its ids belong to {_namespace(key)}.\n"
        )
    else:
        key, secret = file.create(source, namespace=namespace, public=public, alias=alias, purpose=_purpose(read))
        _show(key, secret)
    if read:
        return
    others = sorted({other.source for other in file.all() if other.namespace == key.namespace} - {source})
    if others:
        sys.stderr.write(
            f"It shares them with {', '.join(others)}: the same order id from any of them is the same order."
            " Name another one with --namespace where it is not.\n"
        )


@keys.command()
def rotate(
    source: Source,
    public: Public = False,
    read: Read = False,
    grace_days: Annotated[float, typer.Option(metavar="DAYS", help="how long the others live on")] = GRACE
    / timedelta(days=1),
    lake: options.Lake = options.DEFAULT_LAKE,
) -> None:
    """Make a new key for a source, and let its others end."""
    file = _file(lake)
    if not 0 <= grace_days <= 3650:
        raise SettingsError("The grace is no number of days from 0 to 3650", where="--grace-days")
    key, secret = file.rotate(source, timedelta(days=grace_days), public=public, purpose=_purpose(read))
    _show(key, secret)


@keys.command()
def revoke(
    key_id: Annotated[str, typer.Argument(metavar="ID", help="as `keys list` shows it")],
    lake: options.Lake = options.DEFAULT_LAKE,
) -> None:
    """End a key now."""
    key = _file(lake).revoke(key_id)
    sys.stdout.write(f"Key {key.id} of {key.source} has ended.\n")


def _file(lake: Path) -> KeyFile:
    root = Lake.open(lake).root
    sys.stderr.write(f"Lake: {root}\n")
    return KeyFile(root / FILE)


def _show(key: WriteKey, secret: str) -> None:
    sys.stdout.write(f"{secret}\n")
    kind = "public" if key.public else "secret"
    use = "It reads recommendations" if key.purpose == "read" else f"Its ids belong to {_namespace(key)}"
    sys.stderr.write(f"This {kind} key of {key.source} is shown once; only its digest is kept. {use}.\n")


def _purpose(read: bool) -> Literal["write", "read"]:
    return "read" if read else "write"


def _signing_secret() -> str:
    """The signing secret from a prompt, or the first line of the input: an argument would be seen by others."""
    if sys.stdin.isatty():
        return getpass("Signing secret: ").strip()
    return sys.stdin.readline().strip()


def _namespace(key: WriteKey) -> str:
    return f"namespace {key.namespace}" if key.namespace else "the lake's own namespace"


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
        kind: str = key.webhook or ("public" if key.public else "secret")
        kind += f" as {key.alias}" if key.alias else ""
        kind += " read" if key.purpose == "read" else ""
        sys.stdout.write(f"{key.id}  {key.source:<24} {kind}  {_namespace(key):<34} {made}  {end}".rstrip() + "\n")
