"""The tier as an installation builds it: its deployment file decides about parts of it, and so about the bill."""

from __future__ import annotations

from decimal import Decimal

from msgspec import structs

from console.health import signal_file
from console.tiers.tiers import HostedConsole, Network, Tier
from infra_cdk.installation import Installation

ALARMS_OF_NEW_VERSIONS = 2  # that take a new version of collector or recommendations back: parts/stepwise.py
NOT_HOSTED = HostedConsole(hosted=False, tasks=0, vcpu=Decimal(0), memory_gigabytes=Decimal(0))
NO_NETWORK = Network(availability_zones=0, nat_gateways=0, interface_endpoints=0, public_addresses=0, hosted_zones=0)


def deployed(installation: Installation) -> Tier:
    """What the bill is of.

    Without a domain the console is not hosted, and CloudFront takes the requests of senders (decision 25). With one,
    its hosted zone is paid for in every tier. A service of the account that is there already reads our events, too, and
    costs the same; one that is skipped costs nothing.
    """
    tier, configuration = _with_account_services(installation), installation.configuration
    if configuration.domain is not None:
        return structs.replace(tier, network=structs.replace(tier.network, hosted_zones=1))
    tier = structs.replace(
        tier,
        console=NOT_HOSTED,
        network=NO_NETWORK,
        collector=structs.replace(tier.collector, entrance="cloudfront"),
    )
    table = signal_file.load()
    watching = structs.replace(
        tier.watching,
        alarms=table.alarm_metrics(tier) + ALARMS_OF_NEW_VERSIONS,
        composite_alarms=sum(bool(table.members(composite, tier)) for composite in table.composites),
    )
    own = tier.security.secrets + (installation.tier.collector.entrance != tier.collector.entrance)
    return structs.replace(tier, watching=watching, security=structs.replace(tier.security, secrets=own))


def _with_account_services(installation: Installation) -> Tier:
    security, wanted = installation.tier.security, installation.configuration.account
    return structs.replace(
        installation.tier,
        security=structs.replace(
            security,
            guardduty=security.guardduty and wanted.guardduty != "skip",
            security_hub=security.security_hub and wanted.security_hub != "skip",
            macie_buckets=security.macie_buckets if wanted.macie != "skip" else 0,
        ),
    )
