"""What the roles of the lake's jobs need, and those of the services that act for us. Pure data."""

from __future__ import annotations

from collections.abc import Mapping

from console.aws.permissions import (
    BY_KEY,
    CATALOGS,
    CRAWLER_LOGS,
    DATABASE,
    JOB_CODE,
    JOB_LOGS,
    JOBS,
    KEY,
    LAKE,
    LIVE_TABLE,
    RAW_DATABASE,
    RECOMMENDATIONS_TABLE,
    RESULTS,
    TABLE_BY_KEY,
    TABLE_KEY,
    TURNS,
    WORKGROUP,
    Need,
)

_GLUE_READS_CODE = (
    "Glue gets a job's script and libraries with the job's role. Source: Glue developer guide, IAM role for jobs."
)

GLUE_JOB = (
    Need("infra_cdk.parts.glue_jobs", JOB_CODE, (), ("s3:GetObject",), _GLUE_READS_CODE),
    Need(
        "infra_cdk.parts.glue_jobs",
        KEY,
        (),
        ("kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey"),
        "Glue writes by a job's security configuration. Source: Glue developer guide, setting up encryption.",
    ),
    Need(
        "infra_cdk.parts.glue_jobs",
        JOB_LOGS,
        (),
        ("logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"),
        "Glue writes a job's logs with the job's role. Source: Glue developer guide, logging for Glue jobs.",
    ),
    Need(
        "infra_cdk.parts.glue_jobs",
        "*",
        (),
        ("cloudwatch:PutMetricData",),
        "Glue writes a job's metrics with the job's role. Source: Glue developer guide, CloudWatch metrics.",
    ),
)
"""What every job needs besides, so that it runs at all."""

SERVICES: Mapping[str, tuple[Need, ...]] = {
    "warehouse": (
        Need(
            "pipeline.warehouse.statements",
            LAKE,
            (),
            ("s3:GetObject", "s3:ListBucket"),
            "COPY reads the exports with the role of the namespace. Source: Redshift guide, IAM permissions for COPY.",
        ),
        Need("pipeline.warehouse.statements", KEY, (), ("kms:Decrypt",), BY_KEY),
    ),
    "quicksight": (
        Need(
            "infra_cdk.stacks.quicksight",
            WORKGROUP,
            (),
            (
                "athena:GetQueryExecution",
                "athena:GetQueryResults",
                "athena:GetQueryResultsStream",
                "athena:GetWorkGroup",
                "athena:StartQueryExecution",
                "athena:StopQueryExecution",
            ),
            "QuickSight asks Athena with the role of its data source. Source: AWS managed policy reference,"
            " AWSQuicksightAthenaAccess, as are all below.",
        ),
        Need(
            "infra_cdk.stacks.quicksight",
            CATALOGS,
            (),
            (
                "athena:GetDataCatalog",
                "athena:GetDatabase",
                "athena:GetTableMetadata",
                "athena:ListDatabases",
                "athena:ListTableMetadata",
            ),
            "QuickSight lists what a data source has.",
        ),
        Need("infra_cdk.stacks.quicksight", "*", (), ("athena:ListDataCatalogs",), "IAM knows no resource for it."),
        Need(
            "infra_cdk.stacks.quicksight",
            RESULTS,
            (),
            (
                "s3:AbortMultipartUpload",
                "s3:GetBucketLocation",
                "s3:GetObject",
                "s3:ListBucket",
                "s3:ListMultipartUploadParts",
                "s3:PutObject",
            ),
            "Athena writes results with the caller's role.",
        ),
        Need(
            "infra_cdk.stacks.quicksight",
            LAKE,
            (),
            ("s3:GetBucketLocation", "s3:GetObject", "s3:ListBucket"),
            "Athena reads tables with the caller's role.",
        ),
        Need(
            "infra_cdk.stacks.quicksight",
            DATABASE,
            (),
            ("glue:GetDatabase", "glue:GetPartition", "glue:GetPartitions", "glue:GetTable", "glue:GetTables"),
            "Athena asks the catalog with the caller's role.",
        ),
        Need("infra_cdk.stacks.quicksight", KEY, (), ("kms:Decrypt", "kms:GenerateDataKey"), BY_KEY),
    ),
    "pipeline.jobs": (
        Need("pipeline.objects", LAKE, ("s3:DeleteObject", "s3:GetObject", "s3:ListBucket", "s3:PutObject")),
        Need("pipeline.objects", KEY, (), ("kms:Decrypt", "kms:GenerateDataKey"), BY_KEY),
        Need(
            "pipeline.curate.spark",
            DATABASE,
            (),
            ("glue:CreateDatabase", "glue:CreateTable", "glue:GetDatabase", "glue:GetTable", "glue:UpdateTable"),
            "Iceberg's catalogue makes and commits tables. Source: Iceberg's AWS integration, Glue catalog.",
        ),
        Need(
            "pipeline.curate.spark",
            LAKE,
            (),
            ("s3:AbortMultipartUpload", "s3:DeleteObject", "s3:GetObject", "s3:ListBucket", "s3:PutObject"),
            "Iceberg writes the tables' files, large ones in parts. Source: Iceberg's AWS integration, S3 FileIO.",
        ),
        *GLUE_JOB,
    ),
    "pipeline.jobs.erase": (
        Need(
            "pipeline.objects",
            LAKE,
            ("s3:DeleteObject", "s3:ListBucketVersions"),
            ("s3:DeleteObjectVersion",),
            "Deleting a version of an object is another action. Source: S3 API reference, DeleteObjects.",
        ),
        Need("pipeline.erasure.live_table", LIVE_TABLE, ("dynamodb:Scan",)),
        Need("pipeline.live.dynamodb", LIVE_TABLE, ("dynamodb:DeleteItem",)),
        Need("pipeline.live.dynamodb", TABLE_KEY, (), ("kms:Decrypt",), TABLE_BY_KEY),
        Need("pipeline.collecting.known_customers_dynamodb", LIVE_TABLE, ("dynamodb:DeleteItem", "dynamodb:Scan")),
        Need(
            "pipeline.recommend.models.dynamodb",
            RECOMMENDATIONS_TABLE,
            ("dynamodb:BatchGetItem", "dynamodb:BatchWriteItem"),
        ),
    ),
    "pipeline.jobs.train": (
        *GLUE_JOB,
        Need("pipeline.objects", LAKE, ("s3:GetObject", "s3:ListBucket")),
        Need("pipeline.objects", KEY, (), ("kms:Decrypt",), BY_KEY),
        Need(
            "pipeline.curate.spark",
            DATABASE,
            (),
            ("glue:GetDatabase", "glue:GetTable"),
            "Iceberg's catalogue names the files of a table. Source: Iceberg's AWS integration, Glue catalog.",
        ),
        Need(
            "pipeline.recommend.models.dynamodb",
            RECOMMENDATIONS_TABLE,
            (
                "dynamodb:BatchGetItem",
                "dynamodb:BatchWriteItem",
                "dynamodb:GetItem",
                "dynamodb:PutItem",
                "dynamodb:Query",
            ),
        ),
        Need("pipeline.recommend.models.dynamodb", TABLE_KEY, (), ("kms:Decrypt",), TABLE_BY_KEY),
    ),
    "lake jobs": (
        Need(
            "infra_cdk.parts.in_turn",
            JOBS,
            (),
            ("glue:BatchStopJobRun", "glue:GetJobRun", "glue:GetJobRuns", "glue:StartJobRun"),
            "A state machine waits for a job. Source: Step Functions developer guide, start an AWS Glue job.",
        ),
        Need(
            "infra_cdk.parts.in_turn",
            TURNS,
            (),
            ("states:ListExecutions",),
            "An execution looks for older ones. Source: Step Functions API reference, ListExecutions.",
        ),
        Need(
            "infra_cdk.parts.in_turn",
            "*",
            (),
            (
                "logs:CreateLogDelivery",
                "logs:DeleteLogDelivery",
                "logs:DescribeLogGroups",
                "logs:DescribeResourcePolicies",
                "logs:GetLogDelivery",
                "logs:ListLogDeliveries",
                "logs:PutResourcePolicy",
                "logs:UpdateLogDelivery",
            ),
            "Step Functions delivers its logs. Source: Step Functions developer guide, logging to CloudWatch Logs.",
        ),
    ),
    "crawler": (
        Need(
            "infra_cdk.stacks.lake",
            LAKE,
            (),
            ("s3:GetBucketLocation", "s3:GetObject", "s3:ListBucket"),
            "A crawler reads with its role. Source: Glue developer guide, crawler prerequisites.",
        ),
        Need("infra_cdk.stacks.lake", KEY, (), ("kms:Decrypt",), BY_KEY),
        Need(
            "infra_cdk.stacks.lake",
            RAW_DATABASE,
            (),
            (
                "glue:BatchCreatePartition",
                "glue:BatchGetPartition",
                "glue:CreateTable",
                "glue:GetDatabase",
                "glue:GetPartition",
                "glue:GetPartitions",
                "glue:GetTable",
                "glue:GetTables",
                "glue:UpdatePartition",
                "glue:UpdateTable",
            ),
            "A crawler writes what it finds with its role. Source: Glue developer guide, crawler prerequisites.",
        ),
        Need(
            "infra_cdk.stacks.lake",
            CRAWLER_LOGS,
            (),
            ("logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"),
            "A crawler says what it found. Source: Glue developer guide, crawler prerequisites.",
        ),
    ),
}
