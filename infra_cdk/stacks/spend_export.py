"""The bill as FOCUS, once a day: a data export into the lake, where curation reads it.

It is a stack of its own: exports are made in us-east-1, and AWS refuses a bucket that does not let it write yet.
"""

from __future__ import annotations

from aws_cdk import aws_bcmdataexports as dataexports
from aws_cdk import aws_iam as iam
from constructs import Construct

from catalogue.tables import CURATION_RELATIONS
from infra_cdk.installation import GLOBAL_REGION, Installation
from infra_cdk.parts.stack import InstallationStack
from infra_cdk.stacks.data import Data
from pipeline.lake import RAW_SPEND
from pipeline.spend.keeping import focus_name

TABLE = "FOCUS_1_2_AWS"  # the newest of AWS. Source: Data Exports user guide, table dictionary
PREFIX = f"{RAW_SPEND}/focus"  # AWS adds the name of the export, then `data` and `metadata`
NAMED_OTHERWISE = {"usage_type": "SkuMeter", "operation": "x_Operation"}  # columns of a charge that FOCUS has not
NOT_EXPORTED = ("estimated", "source")
SERVICES = ("bcm-data-exports.amazonaws.com", "billingreports.amazonaws.com")


def _query() -> str:
    """Selects the columns that curation reads; AWS refuses ``select *``."""
    charge = [name for name in CURATION_RELATIONS["raw_spend"] if name not in NOT_EXPORTED]
    columns = ", ".join(NAMED_OTHERWISE.get(name) or focus_name(name) for name in charge)
    return f"SELECT {columns} FROM {TABLE}"  # noqa: S608 - names of our own


class SpendExport(InstallationStack):
    """The export, and the permission to write it."""

    part = "spend-export"

    def __init__(self, scope: Construct, installation: Installation, data: Data) -> None:
        super().__init__(scope, installation, "Takings: the bill as FOCUS, into the lake", in_global_region=True)
        _let_write(data, self.account)
        self.add_stack_dependency(data)
        destination = dataexports.CfnExport.S3DestinationProperty(
            s3_bucket=installation.bucket("lake"),
            s3_prefix=PREFIX,
            s3_region=installation.region,
            s3_output_configurations=dataexports.CfnExport.S3OutputConfigurationsProperty(
                compression="PARQUET", format="PARQUET", output_type="CUSTOM", overwrite="OVERWRITE_REPORT"
            ),
        )
        dataexports.CfnExport(
            self,
            "Export",
            export=dataexports.CfnExport.ExportProperty(
                name=installation.name("focus"),
                description="Charges of the account, and of its organization where it pays for one",
                data_query=dataexports.CfnExport.DataQueryProperty(
                    query_statement=_query(),
                    table_configurations={TABLE: {"TIME_GRANULARITY": "DAILY"}},
                ),
                destination_configurations=dataexports.CfnExport.DestinationConfigurationsProperty(
                    s3_destination=destination
                ),
                refresh_cadence=dataexports.CfnExport.RefreshCadenceProperty(frequency="SYNCHRONOUS"),
            ),
        )


def _let_write(data: Data, account: str) -> None:
    """Let exports of this account write to the lake.

    Source of the statement: Data Exports user guide, setting up an Amazon S3 bucket; it asks for the whole bucket.
    """
    conditions = {
        "StringEquals": {"aws:SourceAccount": account},
        "ArnLike": {
            "aws:SourceArn": [
                f"arn:aws:bcm-data-exports:{GLOBAL_REGION}:{account}:export/*",
                f"arn:aws:cur:{GLOBAL_REGION}:{account}:definition/*",
            ]
        },
    }
    principals = [iam.ServicePrincipal(service) for service in SERVICES]
    data.lake.add_to_resource_policy(
        iam.PolicyStatement(
            sid="DataExports",
            principals=principals,
            actions=["s3:PutObject", "s3:GetBucketPolicy"],
            resources=[data.lake.bucket_arn, data.lake.arn_for_objects("*")],
            conditions=conditions,
        )
    )
    data.key.add_to_resource_policy(
        iam.PolicyStatement(
            sid="DataExports",
            principals=principals,
            actions=["kms:Decrypt", "kms:GenerateDataKey*"],
            resources=["*"],  # of a key's policy: the key itself
            conditions={"StringEquals": {"aws:SourceAccount": account}},
        )
    )
