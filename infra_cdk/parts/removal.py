"""What happens to a resource when its stack goes."""

from __future__ import annotations

import aws_cdk as cdk

KEPT = cdk.RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE
"""It stays, unless its stack could not be made: what a failed first deployment left, no later one could make again."""
