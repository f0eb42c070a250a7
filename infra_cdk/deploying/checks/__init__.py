"""What must be true before a deployment: each check is a function of the table `CHECKS`."""

from __future__ import annotations

from infra_cdk.deploying.checks import account, machine, names, quotas, services
from infra_cdk.deploying.checks.check import Check, Finding, run_all
from infra_cdk.installation import DATA, NETWORK

__all__ = ["CHECKS", "Check", "Finding", "run_all"]


CHECKS: tuple[Check, ...] = (
    Check("credentials", account.credentials),
    Check("placeholders", machine.placeholders, asks_aws=False),
    Check("image builder", machine.image_builder, lambda one: one.installation.hosts_console, asks_aws=False),
    Check("region", account.region),
    Check("zones", account.zones),
    Check("bootstrap", account.bootstrap),
    Check("states of stacks", names.states),
    Check("stacks left over", names.left_over),
    Check("names", names.buckets),
    Check("secrets", names.secrets),
    Check("leftovers", names.leftovers, lambda one: not one.has(DATA)),
    Check("Lambda quota", quotas.functions),
    Check("Kinesis quota", quotas.shards, lambda one: not one.has(DATA)),
    Check("API Gateway quota", quotas.requests, lambda one: not one.installation.is_balanced),
    Check("Glue quota", quotas.jobs),
    Check("VPC quota", quotas.networks, lambda one: one.installation.has_network and not one.has(NETWORK)),
    Check("address quota", quotas.addresses, lambda one: one.installation.hosts_console and not one.has(NETWORK)),
    Check("Redshift Serverless", account.warehouse, lambda one: one.installation.tier.warehouse.enabled),
    Check("Lake Formation", services.lake_formation),
    Check("GuardDuty", services.guardduty, lambda one: one.installation.tier.security.guardduty),
    Check("Security Hub", services.security_hub, lambda one: one.installation.tier.security.security_hub),
    Check("Macie", services.macie, lambda one: one.installation.tier.security.macie_buckets > 0),
    Check("Config", services.config, lambda one: one.installation.tier.security.security_hub),
    Check("cost anomalies", services.cost_anomaly),
    Check("data exports", account.data_exports, lambda one: one.configuration.flags.focus_export),
    Check("QuickSight", account.quicksight, lambda one: one.configuration.flags.quicksight),
    Check("hosted zone", names.hosted_zone, lambda one: one.configuration.domain is not None),
)
"""In the order in which findings are shown; the first one is asked first."""
