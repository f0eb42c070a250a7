"""A stack of an installation: its name, its place, its tags."""

from __future__ import annotations

import aws_cdk as cdk
from constructs import Construct

from infra_cdk.installation import GLOBAL_REGION, Installation
from infra_cdk.tags import TAG_INSTALLATION, TAG_PART, TAG_TIER


class InstallationStack(cdk.Stack):
    """One stack of an installation; `part` is the last word of its name, such as ``data``.

    Attributes
    ----------
    takes_requests_at : the address of the collector, of the stack that takes its requests
    watched : names that AWS makes, by their resources in the table of signals

    Parameters
    ----------
    description : what it holds, in one sentence
    in_global_region : made in us-east-1, wherever the rest is
    protected : refuses to be deleted until somebody takes the protection off
    """

    part: str
    takes_requests_at: str | None = None

    def __init__(
        self,
        scope: Construct,
        installation: Installation,
        description: str,
        *,
        in_global_region: bool = False,
        protected: bool = False,
    ) -> None:
        super().__init__(
            scope,
            installation.name(self.part),
            env=cdk.Environment(
                account=installation.account, region=GLOBAL_REGION if in_global_region else installation.region
            ),
            description=description,
            termination_protection=protected,
        )
        self.installation = installation
        self.watched: dict[str, str] = {}
        self.installation_tags = {
            TAG_INSTALLATION: installation.configuration.installation.name,
            TAG_TIER: installation.tier.name,
            TAG_PART: self.part,
        }
        for tag, value in self.installation_tags.items():
            cdk.Tags.of(self).add(tag, value)

    @property
    def availability_zones(self) -> list[str]:
        """The zones of the configuration: nothing is asked of AWS."""
        return list(self.installation.configuration.installation.zones)

    def output(self, name: str, value: str, description: str) -> None:
        """An output that commands and people read, such as ``CollectorAddress``."""
        cdk.CfnOutput(self, name, value=value, description=description)
