"""What the role of each function needs, by the module of its handler. Pure data."""

from __future__ import annotations

from collections.abc import Mapping

from console.aws.permissions import (
    ADMIN_SECRET,
    BY_KEY,
    CANARY_KEY,
    FAILURE_QUEUE,
    KEY,
    LAKE,
    LIVE_TABLE,
    QUEUE_KEY,
    READ_BY_KEY,
    RECOMMENDATIONS_TABLE,
    SECRETS,
    SECRETS_KEY,
    SENT_BY_KEY,
    STREAM,
    STREAM_BY_KEY,
    STREAM_KEY,
    TABLE_BY_KEY,
    TABLE_KEY,
    Need,
)

TRACES = Need("pipeline.handlers.tracing", "*", ("xray:PutTraceSegments",))
"""What every handler needs besides: X-Ray knows no resources for it."""

FAILED_CALLS = (
    Need(
        "infra_cdk.parts.asynchronous_calls",
        FAILURE_QUEUE,
        (),
        ("sqs:SendMessage",),
        "Lambda reports a failed call with the function's role. Source: Lambda developer guide, asynchronous"
        " invocation, destinations.",
    ),
    Need("infra_cdk.parts.asynchronous_calls", QUEUE_KEY, (), ("kms:Decrypt", "kms:GenerateDataKey"), SENT_BY_KEY),
)
"""What a function needs besides whose caller does not wait for its answer."""

FUNCTIONS: Mapping[str, tuple[Need, ...]] = {
    "pipeline.handlers.collector": (
        TRACES,
        Need("pipeline.streams.kinesis", STREAM, ("kinesis:PutRecords",)),
        Need("pipeline.streams.kinesis", STREAM_KEY, (), ("kms:GenerateDataKey",), STREAM_BY_KEY),
        Need("pipeline.collecting.known_customers_dynamodb", LIVE_TABLE, ("dynamodb:GetItem", "dynamodb:PutItem")),
        Need("pipeline.collecting.known_customers_dynamodb", TABLE_KEY, (), ("kms:Decrypt",), TABLE_BY_KEY),
        Need("pipeline.handlers.renewed_secret", SECRETS, ("secretsmanager:GetSecretValue",)),
        Need("pipeline.handlers.renewed_secret", SECRETS_KEY, (), ("kms:Decrypt",), READ_BY_KEY),
    ),
    "pipeline.handlers.canary": (
        TRACES,
        Need("pipeline.handlers.renewed_secret", CANARY_KEY, ("secretsmanager:GetSecretValue",)),
        Need("pipeline.handlers.renewed_secret", SECRETS_KEY, (), ("kms:Decrypt",), READ_BY_KEY),
    ),
    "pipeline.handlers.live": (
        TRACES,
        Need(
            "pipeline.live.dynamodb",
            LIVE_TABLE,
            (
                "dynamodb:BatchGetItem",
                "dynamodb:BatchWriteItem",
                "dynamodb:DeleteItem",
                "dynamodb:GetItem",
                "dynamodb:PutItem",
                "dynamodb:Query",
            ),
        ),
        Need("pipeline.live.dynamodb", TABLE_KEY, (), ("kms:Decrypt",), TABLE_BY_KEY),
        Need("pipeline.recommend.customers.opted_out", RECOMMENDATIONS_TABLE, ("dynamodb:Query",)),
        Need(
            "pipeline.streams.kinesis",
            STREAM,
            ("kinesis:ListShards", "kinesis:PutRecords"),
            (
                "kinesis:DescribeStream",
                "kinesis:DescribeStreamSummary",
                "kinesis:GetRecords",
                "kinesis:GetShardIterator",
                "kinesis:ListShards",
            ),
            "The event source mapping reads with the function's role. Source: Lambda developer guide, Kinesis,"
            " required permissions.",
        ),
        Need("pipeline.streams.kinesis", STREAM_KEY, (), ("kms:Decrypt", "kms:GenerateDataKey"), STREAM_BY_KEY),
        Need(
            "pipeline.handlers.live",
            FAILURE_QUEUE,
            (),
            ("sqs:SendMessage",),
            "The event source mapping reports failed records with the function's role. Source: Lambda developer guide,"
            " Kinesis, on-failure destination.",
        ),
        Need(
            "pipeline.handlers.live",
            QUEUE_KEY,
            (),
            ("kms:Decrypt", "kms:GenerateDataKey"),
            SENT_BY_KEY,
        ),
    ),
    "pipeline.handlers.recommendations": (
        TRACES,
        Need(
            "pipeline.recommend.models.dynamodb",
            RECOMMENDATIONS_TABLE,
            ("dynamodb:BatchGetItem", "dynamodb:GetItem"),
        ),
        Need("pipeline.live.dynamodb_recent", LIVE_TABLE, ("dynamodb:GetItem",)),
        Need("pipeline.live.dynamodb_recent", TABLE_KEY, (), ("kms:Decrypt",), TABLE_BY_KEY),
        Need("pipeline.handlers.renewed_secret", SECRETS, ("secretsmanager:GetSecretValue",)),
        Need("pipeline.handlers.renewed_secret", SECRETS_KEY, (), ("kms:Decrypt",), READ_BY_KEY),
    ),
    "pipeline.handlers.warehouse": (
        TRACES,
        *FAILED_CALLS,
        Need("pipeline.objects", LAKE, ("s3:GetObject", "s3:ListBucket", "s3:PutObject")),
        Need("pipeline.objects", KEY, (), ("kms:Decrypt", "kms:GenerateDataKey"), BY_KEY),
        Need(
            "pipeline.warehouse.data_api",
            "*",
            (
                "redshift-data:BatchExecuteStatement",
                "redshift-data:CancelStatement",
                "redshift-data:DescribeStatement",
                "redshift-data:ExecuteStatement",
                "redshift-data:GetStatementResult",
            ),
        ),
        Need(
            "pipeline.warehouse.data_api",
            ADMIN_SECRET,
            (),
            ("secretsmanager:GetSecretValue",),
            "The Data API signs in with a secret that it reads with the caller's role. Source: Redshift guide, Data API"
            " authentication.",
        ),
        Need("pipeline.warehouse.data_api", SECRETS_KEY, (), ("kms:Decrypt",), READ_BY_KEY),
    ),
    "console.handlers.cost_snapshot": (
        TRACES,
        *FAILED_CALLS,
        Need("console.finops.billing.cost_explorer", "*", ("ce:GetCostAndUsage",)),
        Need("pipeline.objects", LAKE, ("s3:DeleteObject", "s3:GetObject", "s3:ListBucket", "s3:PutObject")),
        Need("pipeline.objects", KEY, (), ("kms:Decrypt", "kms:GenerateDataKey"), BY_KEY),
    ),
    "console.handlers.own_calls": (
        TRACES,
        *FAILED_CALLS,
        Need("console.metering.bucket", LAKE, ("s3:DeleteObject", "s3:GetObject", "s3:ListBucket", "s3:PutObject")),
        Need("console.metering.bucket", KEY, (), ("kms:Decrypt", "kms:GenerateDataKey"), BY_KEY),
    ),
    "pipeline.handlers.shards": (
        TRACES,
        *FAILED_CALLS,
        Need("pipeline.streams.kinesis_shards", STREAM, ("kinesis:DescribeStreamSummary", "kinesis:UpdateShardCount")),
        Need("pipeline.streams.kinesis_shards", "*", ("cloudwatch:GetMetricData",)),
    ),
    "infra_cdk.custom.macie_gaps": (
        Need(
            "infra_cdk.custom.macie_gaps",
            "*",
            ("macie2:CreateClassificationJob", "macie2:TagResource", "macie2:UpdateClassificationJob"),
        ),
    ),
    "infra_cdk.custom.redshift_gaps": (
        Need(
            "infra_cdk.custom.redshift_gaps",
            "*",
            (
                "redshift-serverless:CreateUsageLimit",
                "redshift-serverless:DeleteUsageLimit",
                "redshift-serverless:GetNamespace",
                "redshift-serverless:ListUsageLimits",
                "redshift-serverless:UpdateUsageLimit",
            ),
        ),
    ),
}
