"""``python -m infra_cdk.deploying``: deploy, compare, delete. `make deploy` and the others call it."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer

from catalogue.command_line import BROKEN, STOPPED, group
from catalogue.errors import TakingsError
from infra_cdk.configuration import DEPLOYMENT
from infra_cdk.deploying import cdk_command, write_keys
from infra_cdk.deploying import deploy as deploying
from infra_cdk.deploying import destroy as destroying
from infra_cdk.deploying import diff as comparing
from infra_cdk.deploying.checks import CHECKS, Finding, run_all
from infra_cdk.deploying.screen import Screen
from infra_cdk.deploying.situation import Situation, situation
from pipeline.collecting.keys import GRACE

Tier = Annotated[str, typer.Option("--tier", metavar="NAME", help="dev, startup or scale")]
Config = Annotated[Path, typer.Option("--config", metavar="FILE", help="where to deploy and for whom")]
Yes = Annotated[bool, typer.Option("--yes", help="answer every question with yes")]
Json = Annotated[bool, typer.Option("--json", help="findings as JSON")]
Source = Annotated[str, typer.Argument(metavar="SOURCE", help="who sends with it, such as web-shop")]
Public = Annotated[bool, typer.Option("--public", help="for pages and apps, where anybody can read it")]
Read = Annotated[bool, typer.Option("--read", help="asks for recommendations, and sends nothing")]

commands = group(help="Deploy an installation on AWS, see what would change, delete it.")
keys = group(help="Write and read keys of the deployed functions. A running one follows within a minute.")
commands.add_typer(keys, name="keys")


@commands.command()
def preflight(tier: Tier = "dev", config: Config = DEPLOYMENT, json: Json = False) -> None:
    """Check all that a deployment needs.

    Exit code 2 where something is wrong.
    """
    findings = _findings(situation(tier, config), quiet=json)
    if json:
        import msgspec

        sys.stdout.write(msgspec.json.encode({"findings": [found.record() for found in findings]}).decode() + "\n")
    if findings:
        raise typer.Exit(BROKEN)


@commands.command()
def deploy(tier: Tier = "dev", config: Config = DEPLOYMENT, yes: Yes = False) -> None:
    """Check, say the bill, ask, deploy, try one event.

    A deployment that failed or was stopped goes on where it was.
    """
    here = situation(tier, config)
    if _findings(here):
        raise typer.Exit(BROKEN)
    try:
        code = deploying.deploy(here, _screen(yes))
    except KeyboardInterrupt:
        _say(f"Stopped. {deploying.states(here)} What was begun goes on at AWS; `make deploy` goes on from there.")
        code = STOPPED
    raise typer.Exit(code)


@commands.command()
def diff(tier: Tier = "dev", config: Config = DEPLOYMENT) -> None:
    """Say what a deployment would change.

    Exit code 0 for nothing, 1 for something.
    """
    codes: list[int] = []
    given = deploying.from_global(situation(tier, config))
    called = cdk_command.command("diff", tier, config, "--all", "--no-color", *given)
    comparison = comparing.read(cdk_command.lines(called, codes.append))
    for danger in comparison.dangers:
        _say(danger.line())
    for line in comparison.lines:
        _say(line)
    raise typer.Exit(BROKEN if codes != [0] else int(comparison.changed > 0))


@commands.command()
def destroy(
    tier: Tier = "dev",
    config: Config = DEPLOYMENT,
    yes: Yes = False,
    data: Annotated[str, typer.Option("--data", metavar="WORDS", help="delete all data too; says which words")] = "",
) -> None:
    """Delete all but the data.

    Says by name what stays, and what it costs.
    """
    here = situation(tier, config)
    try:
        code = destroying.destroy(here, _screen(yes), data)
    except KeyboardInterrupt:
        _say(f"Stopped. {deploying.states(here)} What was begun goes on at AWS; `make destroy` goes on from there.")
        code = STOPPED
    raise typer.Exit(code)


@commands.command()
def bootstrap(tier: Tier = "dev", config: Config = DEPLOYMENT) -> None:
    """Set CDK up, once an account and region."""
    here = situation(tier, config)
    environments = [f"aws://{here.installation.account}/{region}" for region in here.regions]
    raise typer.Exit(cdk_command.run(cdk_command.bootstrap(environments)))


@keys.command("list")
def list_keys(tier: Tier = "dev", config: Config = DEPLOYMENT) -> None:
    """List every key, without its secret."""
    here = situation(tier, config)
    with write_keys.opened(here.clients, here.installation) as file:
        for key in file.all():
            until = f", until {key.expires_at:%Y-%m-%d %H:%M} UTC" if key.expires_at else ""
            use = ", reads recommendations" if key.purpose == "read" else ""
            _say(f"{key.id}  {'public' if key.public else 'secret'}  {key.source}{use}{until}")


@keys.command()
def create(
    source: Source, public: Public = False, read: Read = False, tier: Tier = "dev", config: Config = DEPLOYMENT
) -> None:
    """Make a key for a source, and show it this once."""
    here = situation(tier, config)
    with write_keys.opened(here.clients, here.installation) as file:
        _, secret = file.create(source, public=public, purpose="read" if read else "write")
    _say(secret)


@keys.command()
def rotate(
    source: Source,
    public: Public = False,
    read: Read = False,
    grace_days: Annotated[int, typer.Option(min=0, help="days for which the old keys still work")] = GRACE.days,
    tier: Tier = "dev",
    config: Config = DEPLOYMENT,
) -> None:
    """Make a new key for a source; the old ones end after a time."""
    here = situation(tier, config)
    with write_keys.opened(here.clients, here.installation) as file:
        grace = timedelta(days=grace_days)
        _, secret = file.rotate(source, grace, public=public, purpose="read" if read else "write")
    _say(secret)


@keys.command()
def revoke(
    key_id: Annotated[str, typer.Argument(metavar="ID", help="of `keys list`")],
    tier: Tier = "dev",
    config: Config = DEPLOYMENT,
) -> None:
    """End a key now."""
    here = situation(tier, config)
    with write_keys.opened(here.clients, here.installation) as file:
        ended = file.revoke(key_id)
    _say(f"Ended: {ended.id} of {ended.source}")


def _findings(here: Situation, *, quiet: bool = False) -> list[Finding]:
    """What the checks find; shown unless `quiet`."""

    def report(name: str, found: int) -> None:
        if not quiet:
            _say(f"{'✗' if found else '✓'} {name}")

    findings = run_all(CHECKS, here, report=report)
    if not quiet:
        for finding in findings:
            _say(f"\n{finding.check}: {finding.what} ({finding.where}).\n  {finding.remedy}")
    return findings


def _screen(yes: bool) -> Screen:
    return Screen(_say, _say, lambda question: yes or typer.confirm(question))


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code. A failure with a name is one line on stderr."""
    try:
        code = commands(arguments, standalone_mode=False)
    except typer.Exit as end:
        return end.exit_code
    except (typer.TyperException, TakingsError) as error:
        text = error.format_message() if isinstance(error, typer.TyperException) else str(error)
        sys.stderr.write(f"deploying: {text}\n")
        return BROKEN
    except (KeyboardInterrupt, typer.Abort):
        sys.stderr.write("deploying: stopped; nothing was begun\n")
        return STOPPED
    return int(code or 0)


if __name__ == "__main__":
    sys.exit(main())
