"""The app: every stack of an installation, checked by the rule pack."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import aws_cdk as cdk
from aws_cdk import Validations
from cdk_nag import AwsSolutionsChecks

from infra_cdk.installation import Installation
from infra_cdk.parts.stack import InstallationStack
from infra_cdk.stacks import account
from infra_cdk.stacks.balancer import Balancer
from infra_cdk.stacks.console import Console
from infra_cdk.stacks.data import Data
from infra_cdk.stacks.edge import Edge
from infra_cdk.stacks.finops import FinOps
from infra_cdk.stacks.global_services import GlobalServices
from infra_cdk.stacks.ingest import Ingest
from infra_cdk.stacks.jobs import Jobs
from infra_cdk.stacks.lake import Lake
from infra_cdk.stacks.network import Network
from infra_cdk.stacks.quicksight import QuickSight
from infra_cdk.stacks.recommendations import Recommendations
from infra_cdk.stacks.spend_export import SpendExport
from infra_cdk.stacks.warehouse import Warehouse
from infra_cdk.stacks.watching import Watching

FEATURE_FLAGS = {
    "@aws-cdk/aws-s3:serverAccessLogsUseBucketPolicy": True,  # else by ACL, which new buckets have not
    "@aws-cdk/aws-s3:publicAccessBlockedByDefault": True,
    "@aws-cdk/aws-iam:minimizePolicies": True,
    "@aws-cdk/core:checkSecretUsage": True,
    "@aws-cdk/aws-apigateway:disableCloudWatchRole": True,
}


def build(app: cdk.App, installation: Installation) -> list[cdk.Stack]:
    """The stacks of an installation, in the order in which they are deployed."""
    configuration = installation.configuration
    data = Data(app, installation)
    ingest, lake = Ingest(app, installation, data), Lake(app, installation, data)
    recommendations = Recommendations(app, installation, data, lake, ingest.origin_secret)
    stacks: list[InstallationStack] = [data, ingest, lake, recommendations, Jobs(app, installation, data)]
    if configuration.flags.focus_export:
        stacks.append(SpendExport(app, installation, data))
    if ingest.origin_secret is not None:
        stacks.append(GlobalServices(app, installation))
        edge = Edge(app, installation, ingest.collector, recommendations.serving, ingest.origin_secret)
        edge.add_stack_dependency(stacks[-1])
        stacks.append(edge)
    stacks += _in_the_network(app, installation, data, ingest, recommendations)
    watching = Watching(
        app,
        installation,
        data,
        collector=next(address for stack in stacks if (address := stack.takes_requests_at)),
        given={name: known for stack in stacks for name, known in stack.watched.items()},
        parts={stack.part for stack in stacks},
    )
    stacks += [watching, FinOps(app, installation)]
    if account.is_wanted(installation):
        stacks.append(account.Account(app, installation, data, watching))
    if configuration.flags.quicksight and configuration.quicksight is not None:
        principal = configuration.quicksight.principal_arn
        stacks.append(QuickSight(app, installation, data, principal, after=[data, lake]))
    return list(stacks)


def _in_the_network(
    app: cdk.App, installation: Installation, data: Data, ingest: Ingest, recommendations: Recommendations
) -> Iterator[InstallationStack]:
    """Warehouse and hosted console, which alone have a network; and the console's role, which every tier has."""
    network = warehouse = balancer = None
    if installation.has_network:
        yield (network := Network(app, installation))
        if installation.tier.warehouse.enabled:
            yield (warehouse := Warehouse(app, installation, data, network))
        if installation.hosts_console:
            yield (balancer := Balancer(app, installation, network, ingest.collector, recommendations.serving))
    yield Console(app, installation, data, network, warehouse, balancer)


def checked_app(out: Path | str) -> cdk.App:
    """An app that writes to a folder, and ends with the findings of the rule pack that nobody explained."""
    app = cdk.App(context=FEATURE_FLAGS, outdir=str(out))
    Validations.of(app).add_plugins(AwsSolutionsChecks(app))
    return app
