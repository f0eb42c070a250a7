"""The app: every stack of an installation, checked by the rule pack."""

from __future__ import annotations

from pathlib import Path

import aws_cdk as cdk
from aws_cdk import Validations
from cdk_nag import AwsSolutionsChecks

from infra_cdk.installation import Installation
from infra_cdk.parts.stack import InstallationStack
from infra_cdk.stacks import account
from infra_cdk.stacks.console import Console
from infra_cdk.stacks.data import Data
from infra_cdk.stacks.finops import FinOps
from infra_cdk.stacks.global_services import GlobalServices
from infra_cdk.stacks.ingest import Ingest
from infra_cdk.stacks.jobs import Jobs
from infra_cdk.stacks.lake import Lake
from infra_cdk.stacks.network import Network
from infra_cdk.stacks.quicksight import QuickSight
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
    everywhere = GlobalServices(app, installation)
    data = Data(app, installation)
    ingest = Ingest(app, installation, data, everywhere)
    lake = Lake(app, installation, data)
    stacks: list[cdk.Stack] = [everywhere, data, ingest, lake, Jobs(app, installation, data)]
    if installation.configuration.flags.focus_export:
        stacks.append(SpendExport(app, installation, data))
    network = None
    if installation.tier.warehouse.enabled or installation.hosts_console:
        network = Network(app, installation)
        stacks.append(network)
    warehouse = None
    if installation.tier.warehouse.enabled and network is not None:
        warehouse = Warehouse(app, installation, data, network)
        stacks.append(warehouse)
    console = Console(app, installation, data, network, warehouse)
    stacks.append(console)
    watching = Watching(
        app,
        installation,
        data,
        collector=ingest.address,
        given={**ingest.watched, **lake.watched, **console.watched, **(warehouse.watched if warehouse else {})},
        parts={stack.part for stack in stacks if isinstance(stack, InstallationStack)},
    )
    stacks += [watching, FinOps(app, installation)]
    if account.is_wanted(installation):
        stacks.append(account.Account(app, installation, data, watching))
    quicksight = installation.configuration.quicksight
    if installation.configuration.flags.quicksight and quicksight is not None:
        stacks.append(QuickSight(app, installation, data, quicksight.principal_arn, after=[data, lake]))
    return stacks


def checked_app(out: Path | str) -> cdk.App:
    """An app that writes to a folder, and ends with the findings of the rule pack that nobody explained."""
    app = cdk.App(context=FEATURE_FLAGS, outdir=str(out))
    Validations.of(app).add_plugins(AwsSolutionsChecks(app))
    return app
