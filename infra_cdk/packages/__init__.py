"""What a deployment uploads, built without Docker: Lambda's packages, and the files of the Glue jobs.

``python -m infra_cdk.packages`` builds all of it below ``build/`` and prints the sizes. Equal inputs give equal bytes,
so a deployment without a change uploads nothing.
"""

from infra_cdk.packages.glue import glue_files
from infra_cdk.packages.lambdas import build
from infra_cdk.packages.table import PACKAGES, PYTHON

__all__ = ["PACKAGES", "PYTHON", "build", "glue_files"]
