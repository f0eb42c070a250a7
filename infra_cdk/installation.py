"""One installation: its configuration, its tier, and the names of what it makes.

Names are computed, so that two installations, or two tiers of one, live in the same account and region, and so that
commands find what was deployed.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from catalogue.errors import SettingsError
from console.tiers import tiers
from console.tiers.tiers import Tier
from infra_cdk import configuration
from infra_cdk.configuration import DEPLOYMENT, Configuration

WAREHOUSE_DATABASE = "takings"
WAREHOUSE_READER = "takings_reader"  # role of the database that the console's user has
GLOBAL_REGION = "us-east-1"  # CloudFront's certificate and web ACL, and data exports, exist there alone
COLLECTOR_ADDRESS = "CollectorAddress"  # output of whichever stack takes requests
DATA = "data"  # the stack that stays when the others go
RECOMMENDATIONS = "/v1/recommendations"  # path at that address; a customer's id may follow
GLOBAL, EDGE = "global", "edge"  # the stacks that hold that, and that take it
BALANCER, NETWORK = "balancer", "network"
WEB_ACL, CERTIFICATE = "WebAclArn", "CertificateArn"
"""Outputs of the one and, by the same names, parameters of the other: no reference crosses regions by itself."""


@dataclass(frozen=True)
class Installation:
    """What is deployed, where, in which size."""

    configuration: Configuration
    tier: Tier

    @property
    def account(self) -> str:
        """The account's twelve digits."""
        return self.configuration.installation.account

    @property
    def region(self) -> str:
        """The region of everything but the global stack."""
        return self.configuration.installation.region

    @property
    def hosts_console(self) -> bool:
        """Whether the console runs here: the tier hosts it, and there is a domain to sign in at."""
        return self.tier.console.hosted and self.configuration.domain is not None

    @property
    def prefix(self) -> str:
        """What every name begins with: ``takings-dev``."""
        return f"{self.configuration.installation.name}-{self.tier.name}"

    @property
    def is_balanced(self) -> bool:
        """Whether the console's load balancer takes the senders' requests, too: the tier says so, and there is one."""
        return self.hosts_console and self.tier.collector.entrance == "load_balancer"

    @property
    def has_network(self) -> bool:
        """Whether there is a private network, for the warehouse or the hosted console."""
        return self.tier.warehouse.enabled or self.hosts_console

    @property
    def left_out(self) -> frozenset[str]:
        """Stacks that use others, and that this tier and deployment file leave out.

        Where one of them is there all the same, from another deployment file, what it uses cannot be changed.
        """
        made = {EDGE: not self.is_balanced, GLOBAL: not self.is_balanced, BALANCER: self.hosts_console}
        return frozenset(part for part, is_made in {**made, NETWORK: self.has_network}.items() if not is_made)

    def name(self, purpose: str) -> str:
        """The name of a resource, unique in account and region: ``takings-dev-events``."""
        return f"{self.prefix}-{purpose}"

    def bucket(self, purpose: str) -> str:
        """The name of a bucket, unique in the world."""
        return f"{self.prefix}-{purpose}-{self.account}-{self.region}"

    def bucket_arns(self, purpose: str, *prefixes: str) -> list[str]:
        """A bucket and its objects, or those below some prefixes alone."""
        arn = f"arn:aws:s3:::{self.bucket(purpose)}"
        return [arn, *(f"{arn}/{prefix}*" for prefix in prefixes or ("",))]

    @property
    def catalogue_arns(self) -> list[str]:
        """The Glue catalog, the database of curated tables and these."""
        return self._catalogue_arns(self.database)

    @property
    def raw_catalogue_arns(self) -> list[str]:
        """The Glue catalog, the database of raw files and its tables."""
        return self._catalogue_arns(self.raw_database)

    def _catalogue_arns(self, database: str) -> list[str]:
        arn = f"arn:aws:glue:{self.region}:{self.account}"
        return [f"{arn}:catalog", f"{arn}:database/{database}", f"{arn}:table/{database}/*"]

    @property
    def database(self) -> str:
        """The Glue database; SQL and Spark take no hyphens."""
        return self.prefix.replace("-", "_")

    @property
    def raw_database(self) -> str:
        """The Glue database of what the crawler finds among raw files."""
        return f"{self.database}_raw"


def load(tier: str, path: Path = DEPLOYMENT) -> Installation:
    """The installation of a file in one tier.

    Raises
    ------
    SettingsError
        There is no such tier, or a file cannot be used.
    """
    known = {size.name: size for size in tiers.load()}
    if tier not in known:
        raise SettingsError(f"There is no tier {tier!r}", where="TIER", remedy=f"Use one of {', '.join(known)}.")
    return Installation(configuration.load(path), known[tier])
