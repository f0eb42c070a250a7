"""Makes the templates of one tier: ``python infra_cdk/app.py``, or ``cdk synth -c tier=scale``. AWS is not asked.

Context: ``tier`` (dev), ``config`` (a deployment.toml). Without the command line of CDK the templates are written to
``build/cdk.out``.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from catalogue.errors import TakingsError
from infra_cdk import installation
from infra_cdk.configuration import DEPLOYMENT
from infra_cdk.node import use_own_node

DEFAULT_TIER = "dev"
OUT = Path(__file__).parents[1] / "build" / "cdk.out"


def main() -> None:
    """Make the templates."""
    use_own_node()
    from infra_cdk.synthesis import build, checked_app

    app = checked_app(os.environ.get("CDK_OUTDIR") or OUT)
    tier = app.node.try_get_context("tier") or DEFAULT_TIER
    path = Path(app.node.try_get_context("config") or DEPLOYMENT)
    build(app, installation.load(tier, path))
    app.synth()


if __name__ == "__main__":
    try:
        main()
    except TakingsError as error:
        sys.exit(str(error))
