"""The exact permissions that the console's role needs on AWS, by adapter. Pure data, read by the deployment too.

Those of all other roles are in `console.aws.runners`.

`actions` are the calls that the adapter makes itself; the tests record them and compare. `on_behalf` are checked
against the same role by the service that is called, so no recording of our calls can show them; each names its source.

An operation is allowed by the action of the same name, except those in `ACTION_OF`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

ACTION_OF: Mapping[str, str] = {
    "budgets:DescribeBudgets": "budgets:ViewBudget",
    "budgets:DescribeNotificationsForBudget": "budgets:ViewBudget",
    "dynamodb:TransactWriteItems": "dynamodb:PutItem",  # a transaction needs the actions of its items
    "s3:DeleteObjects": "s3:DeleteObject",
    "s3:GetBucketLifecycleConfiguration": "s3:GetLifecycleConfiguration",
    "s3:HeadObject": "s3:GetObject",
    "s3:ListMultipartUploads": "s3:ListBucketMultipartUploads",
    "s3:ListObjectVersions": "s3:ListBucketVersions",
    "s3:ListObjectsV2": "s3:ListBucket",
    "s3:ListParts": "s3:ListMultipartUploadParts",
}
"""Operations whose action has another name. Source: Service Authorization Reference."""

UNCHECKED = frozenset({"sts:GetCallerIdentity"})
"""Calls that need no action: a role without any may make them. Source: AWS STS API reference, GetCallerIdentity."""

PREFIX_OF: Mapping[str, str] = {"monitoring": "cloudwatch"}
"""Services that sign requests under another name than their actions begin with."""


@dataclass(frozen=True)
class Need:
    """What one adapter needs of one kind of resource.

    Attributes
    ----------
    adapter : its module
    resource : what the actions are for, in words; ``*`` where IAM knows no resource for them
    actions : calls that the adapter makes
    on_behalf : calls that the service makes with the same role
    reason : why `on_behalf` is needed, with its source
    """

    adapter: str
    resource: str
    actions: tuple[str, ...]
    on_behalf: tuple[str, ...] = ()
    reason: str = ""


LAKE, RESULTS, DATABASE = "lake bucket", "results prefix", "Glue catalog, database and its tables"
STREAM, LIVE_TABLE, DECISIONS_TABLE = "event stream", "live table", "decisions table"
RECOMMENDATIONS_TABLE = "recommendations table"
CATALOGS = "data catalog of Athena"
WORKGROUP, WAREHOUSE = "Athena workgroup", "Redshift Serverless workgroup"
RAW_DATABASE, CRAWLER_LOGS = "Glue catalog, database of raw files and its tables", "log group of all crawlers"
JOB_CODE, JOB_LOGS = "uploaded code of the Glue jobs", "log groups of the Glue jobs"
JOBS, TURNS = "Glue jobs", "state machine of the jobs"
FAILURE_QUEUE = "queue for records or calls of the function that failed"
SECRETS = "secrets of the write keys and of the edge, where they are kept as such"
CANARY_KEY = "secret of the canary's write key"
ADMIN_SECRET = "secret of the warehouse's admin"  # noqa: S105 - what it is called
KEY = "customer key of the bucket, where it has one"
STREAM_KEY = "customer key of the event stream, where it has one"
TABLE_KEY = "customer key of the tables, where they have one"
QUEUE_KEY = "customer key of the queue, where it has one"
SECRETS_KEY = "customer key of the secrets, where they have one"
BY_KEY = "S3 uses the key with the caller's role. Source: S3 user guide, SSE-KMS, permissions."
TABLE_BY_KEY = (
    "DynamoDB decrypts the table's key with the caller's role. Source: DynamoDB developer guide, encryption at rest."
)
SENT_BY_KEY = "SQS encrypts with the sender's role. Source: SQS developer guide, key management, producers."
READ_BY_KEY = "Secrets Manager decrypts with the caller's role. Source: Secrets Manager user guide, secret encryption."
STREAM_BY_KEY = (
    "Kinesis uses the key with the caller's role: a producer makes data keys, a consumer decrypts. Source: Kinesis"
    " developer guide, permissions to use user-generated KMS keys."
)

NEEDS: tuple[Need, ...] = (
    Need(
        "console.asking.engines.curated_state",
        LAKE,
        ("s3:GetObject",),
        ("s3:ListBucket",),
        "S3 answers 403 instead of 404 for an object that is missing where the bucket may not be listed.",
    ),
    Need("console.asking.engines.curated_state", KEY, (), ("kms:Decrypt",), BY_KEY),
    Need("console.asking.engines.athena", KEY, (), ("kms:Decrypt", "kms:GenerateDataKey"), BY_KEY),
    Need("console.metering.bucket", KEY, (), ("kms:Decrypt", "kms:GenerateDataKey"), BY_KEY),
    Need(
        "console.asking.engines.athena",
        WORKGROUP,
        (
            "athena:GetQueryExecution",
            "athena:GetQueryResults",
            "athena:GetWorkGroup",
            "athena:StartQueryExecution",
            "athena:StopQueryExecution",
        ),
    ),
    Need(
        "console.asking.engines.athena",
        RESULTS,
        ("s3:DeleteObject", "s3:GetObject", "s3:ListBucket"),
        ("s3:AbortMultipartUpload", "s3:GetBucketLocation", "s3:ListMultipartUploadParts", "s3:PutObject"),
        "Athena writes results with the caller's role. Source: Athena user guide, access to workgroups and results.",
    ),
    Need(
        "console.asking.engines.athena",
        LAKE,
        (),
        ("s3:GetBucketLocation", "s3:GetObject", "s3:ListBucket"),
        "Athena reads tables with the caller's role. Source: Athena user guide, access to Amazon S3.",
    ),
    Need(
        "console.asking.engines.athena",
        DATABASE,
        (),
        ("glue:GetDatabase", "glue:GetPartition", "glue:GetPartitions", "glue:GetTable", "glue:GetTables"),
        "Athena asks the catalog with the caller's role. Source: Athena user guide, fine-grained access to Glue.",
    ),
    Need(
        "console.asking.engines.redshift",
        "*",
        (
            "redshift-data:CancelStatement",
            "redshift-data:DescribeStatement",
            "redshift-data:ExecuteStatement",
            "redshift-data:GetStatementResult",
        ),
    ),
    Need(
        "console.asking.engines.redshift",
        WAREHOUSE,
        (),
        ("redshift-serverless:GetCredentials",),
        "The Data API signs in to the workgroup with the caller's role. Source: Redshift guide, Data API access.",
    ),
    Need("console.live.stored", LIVE_TABLE, ("dynamodb:GetItem", "dynamodb:Query")),
    Need("console.live.stored", TABLE_KEY, (), ("kms:Decrypt",), TABLE_BY_KEY),
    Need(
        "console.recommendations.stored",
        RECOMMENDATIONS_TABLE,
        (
            "dynamodb:BatchGetItem",
            "dynamodb:BatchWriteItem",
            "dynamodb:GetItem",
            "dynamodb:PutItem",
            "dynamodb:Query",
        ),
    ),
    Need("console.decisions.dynamodb", DECISIONS_TABLE, ("dynamodb:PutItem", "dynamodb:Query")),
    Need("console.metering.bucket", LAKE, ("s3:DeleteObject", "s3:GetObject", "s3:ListBucket", "s3:PutObject")),
    Need(
        "console.savings.aws",
        "*",
        (
            "athena:BatchGetQueryExecution",
            "athena:ListQueryExecutions",
            "cloudfront:ListDistributionsByWebACLId",
            "cloudwatch:GetMetricData",
            "cloudwatch:ListMetrics",
            "compute-optimizer:GetECSServiceRecommendations",
            "compute-optimizer:GetEnrollmentStatus",
            "compute-optimizer:GetLambdaFunctionRecommendations",
            "cost-optimization-hub:ListEnrollmentStatuses",
            "cost-optimization-hub:ListRecommendations",
            "dynamodb:DescribeTable",
            "dynamodb:ListTables",
            "ec2:DescribeNatGateways",
            "ec2:DescribeVpcEndpoints",
            "glue:GetCrawlers",
            "glue:GetTables",
            "glue:ListCrawls",
            "kinesis:DescribeStreamSummary",
            "kinesis:ListStreams",
            "lambda:ListFunctions",
            "logs:DescribeLogGroups",
            "logs:GetQueryResults",
            "logs:StartQuery",
            "redshift-serverless:ListUsageLimits",
            "redshift-serverless:ListWorkgroups",
            "s3:GetBucketVersioning",
            "s3:GetLifecycleConfiguration",
            "s3:ListBucket",
            "s3:ListBucketMultipartUploads",
            "s3:ListBucketVersions",
            "s3:ListMultipartUploadParts",
            "wafv2:GetWebACL",
            "wafv2:ListResourcesForWebACL",
            "wafv2:ListWebACLs",
        ),
        (
            "amplify:ListResourcesForWebACL",
            "apprunner:ListAssociatedServicesForWebAcl",
            "appsync:ListResourcesForWebACL",
            "cognito-idp:ListResourcesForWebACL",
            "ec2:DescribeVerifiedAccessInstanceWebAclAssociations",
            "ecs:ListClusters",
            "ecs:ListServices",
            "lambda:ListProvisionedConcurrencyConfigs",
        ),
        "Compute Optimizer checks that the caller may list what it recommends for (Service Authorization Reference, AWS"
        " Compute Optimizer, dependent actions); WAF asks the service whose resources it lists (AWS WAF Developer"
        " Guide, permissions for ListResourcesForWebACL).",
    ),
    Need("console.finops.billing.cost_explorer", "*", ("ce:GetCostAndUsage",)),
    Need("console.budgets.forecasting.aws_anomalies", "*", ("ce:GetAnomalies",)),
    Need("console.budgets.aws_budgets", "*", ("budgets:ViewBudget",)),
    Need("console.finops.pricing.price_list", "*", ("pricing:GetProducts",)),
)


def needs_of(*adapters: str) -> Iterator[Need]:
    """The needs of these adapters; of all where none is named."""
    return (need for need in NEEDS if not adapters or need.adapter in adapters)


def actions_of(*adapters: str) -> frozenset[str]:
    """The actions of the calls that these adapters make."""
    return frozenset(action for need in needs_of(*adapters) for action in need.actions)


def action_of(signing_name: str, operation: str) -> str:
    """The action that allows an operation of a service, as botocore names both."""
    name = f"{PREFIX_OF.get(signing_name, signing_name)}:{operation}"
    return ACTION_OF.get(name, name)
