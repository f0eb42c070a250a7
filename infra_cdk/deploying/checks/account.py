"""The account, its region and zones, and what CDK and the stacks need of them."""

from __future__ import annotations

from collections.abc import Iterator

from catalogue.errors import QueryFailed
from console.aws.failures import error_code, translate_errors
from infra_cdk.deploying.checks.check import Mistake
from infra_cdk.deploying.situation import Situation
from infra_cdk.installation import GLOBAL_REGION

BOOTSTRAP_PARAMETER = "/cdk-bootstrap/hnb659fds/version"
LEAST_BOOTSTRAP = 6  # what the templates themselves require: their parameter BootstrapVersion refuses 1 to 5


def credentials(situation: Situation) -> Iterator[Mistake]:
    """There are credentials, and they are of the account that is written."""
    account = situation.installation.account
    with translate_errors("AWS", "credentials"):
        identity = situation.clients.client("sts").get_caller_identity()
    if identity["Account"] != account:
        yield (
            f"The credentials are of account {identity['Account']}, and {account} is to be deployed to",
            situation.line("installation", "account"),
            f'Use another AWS_PROFILE, or write account = "{identity["Account"]}".',
        )


def region(situation: Situation) -> Iterator[Mistake]:
    """The region exists, and the account has enabled it."""
    name = situation.installation.region
    with translate_errors("Amazon EC2", name, action="ec2:DescribeRegions"):
        listed = situation.clients.client("ec2", GLOBAL_REGION).describe_regions(AllRegions=True)["Regions"]
    state = {one["RegionName"]: one.get("OptInStatus", "") for one in listed}
    if name not in state:
        yield f"There is no region {name}", situation.line("installation", "region"), "Write one such as eu-central-1."
    elif state[name] == "not-opted-in":
        yield (
            f"The account has not enabled the region {name}",
            situation.line("installation", "region"),
            f"`aws account enable-region --region-name {name}`, which takes some minutes; or write another.",
        )


def zones(situation: Situation) -> Iterator[Mistake]:
    """The zones exist and are open to the account."""
    name = situation.installation.region
    with translate_errors("Amazon EC2", name, action="ec2:DescribeAvailabilityZones"):
        answer = situation.clients.client("ec2").describe_availability_zones(
            Filters=[{"Name": "zone-type", "Values": ["availability-zone"]}]
        )
    there = sorted(zone["ZoneName"] for zone in answer["AvailabilityZones"] if zone["State"] == "available")
    for zone in situation.configuration.installation.zones:
        if zone not in there:
            yield (
                f"{zone} is no zone of this account",
                situation.line("installation", "zones"),
                f"Write three of {', '.join(there)}.",
            )


def bootstrap(situation: Situation) -> Iterator[Mistake]:
    """What CDK keeps in each region to deploy from: its bucket, its repository, its roles."""
    account = situation.installation.account
    for name in situation.regions:
        remedy = f"`make bootstrap`, which runs `cdk bootstrap aws://{account}/{name}`, once an account and region."
        try:
            with translate_errors("Systems Manager", name, action="ssm:GetParameter"):
                answer = situation.clients.client("ssm", name).get_parameter(Name=BOOTSTRAP_PARAMETER)
        except QueryFailed as error:
            if error_code(error) != "ParameterNotFound":
                raise
            yield f"CDK has not been set up in {name}", f"aws://{account}/{name}", remedy
            continue
        version = int(answer["Parameter"]["Value"])
        if version < LEAST_BOOTSTRAP:
            what = f"CDK's set-up in {name} has version {version}, and {LEAST_BOOTSTRAP} is needed"
            yield what, f"aws://{account}/{name}", remedy


def warehouse(situation: Situation) -> Iterator[Mistake]:
    """The region offers Redshift Serverless. Which zones do is listed nowhere: a wrong one fails with its name."""
    with translate_errors(
        "Redshift Serverless", situation.line("installation", "region"), action="redshift-serverless:ListWorkgroups"
    ):
        situation.clients.client("redshift-serverless").list_workgroups(maxResults=1)
    yield from ()


def data_exports(situation: Situation) -> Iterator[Mistake]:
    """The bill can be exported; that is done in us-east-1, and in the paying account of an organisation."""
    with translate_errors(
        "Data Exports", situation.line("flags", "focus_export"), action="bcm-data-exports:ListExports"
    ):
        situation.clients.client("bcm-data-exports", GLOBAL_REGION).list_exports(MaxResults=1)
    yield from ()


def quicksight(situation: Situation) -> Iterator[Mistake]:
    """The account has subscribed to QuickSight, which no stack can do, in an edition that takes dashboards by code."""
    where = situation.line("flags", "quicksight")
    remedy = "Subscribe to the Enterprise edition in the console of QuickSight; or write quicksight = false."
    try:
        with translate_errors("QuickSight", where, action="quicksight:DescribeAccountSubscription"):
            answer = situation.clients.client("quicksight").describe_account_subscription(
                AwsAccountId=situation.installation.account
            )
    except QueryFailed as error:
        if error_code(error) != "ResourceNotFoundException":
            raise
        yield "The account has not subscribed to QuickSight", where, remedy
        return
    edition = answer["AccountInfo"].get("Edition", "")
    if not edition.startswith("ENTERPRISE"):
        yield f"QuickSight's edition is {edition.title() or 'unknown'}: it takes no dashboards by code", where, remedy
