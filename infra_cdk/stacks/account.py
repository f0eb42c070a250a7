"""What an account and region have once: GuardDuty, Security Hub with AWS Config, Macie; and who hears of findings.

Each is made where both the tier and `deployment.toml` want it (``create``). One that is there already (``adopt``) is
used as it is: AWS refuses a second detector, recorder or session.
"""

from __future__ import annotations

from typing import Any

from aws_cdk import aws_guardduty as guardduty
from aws_cdk import aws_iam as iam
from aws_cdk import aws_macie as macie
from aws_cdk import aws_securityhub as securityhub
from constructs import Construct

from console.aws.runners import RUNNERS
from console.tiers.sizing import raw_gigabytes_a_month
from infra_cdk.installation import Installation
from infra_cdk.parts.custom import CustomResources
from infra_cdk.parts.notices import notice
from infra_cdk.parts.recorder import recorder
from infra_cdk.parts.stack import InstallationStack
from infra_cdk.stacks.data import Data
from infra_cdk.stacks.watching import Watching

MACIE_GAPS = "infra_cdk.custom.macie_gaps"
OTHER_PLANS = (
    "EKS_AUDIT_LOGS",
    "EBS_MALWARE_PROTECTION",
    "RDS_LOGIN_EVENTS",
    "LAMBDA_NETWORK_LOGS",
    "RUNTIME_MONITORING",
)
"""Plans of GuardDuty that are off: for what is not deployed, or priced by what runs."""


def is_wanted(installation: Installation) -> bool:
    """Whether the tier and the deployment file want any of it."""
    return any(presence != "skip" for presence in _presences(installation).values())


def _presences(installation: Installation) -> dict[str, str]:
    """``create``, ``adopt`` or ``skip`` by service; what a tier has not is skipped."""
    given, size = installation.configuration.account, installation.tier.security
    return {
        "guardduty": given.guardduty if size.guardduty else "skip",
        "security_hub": given.security_hub if size.security_hub else "skip",
        "config_recorder": given.config_recorder if size.security_hub else "skip",
        "macie": given.macie if size.macie_buckets else "skip",
    }


class Account(InstallationStack):
    """The services that watch the account, and notices of what they find."""

    part = "account"

    def __init__(self, scope: Construct, installation: Installation, data: Data, watching: Watching) -> None:
        super().__init__(scope, installation, "Takings: what watches the account")
        self.data, self.watching = data, watching
        self.presences = _presences(installation)
        if self.presences["guardduty"] == "create":
            self._detector()
        if self.presences["config_recorder"] == "create":
            recorder(self, installation.bucket("logs"))
        if self.presences["security_hub"] == "create":
            self._hub()
        if self.presences["macie"] != "skip":
            self._macie()
        self._findings()

    def _detector(self) -> None:
        of = guardduty.CfnDetector
        of(
            self,
            "Detector",
            enable=True,
            finding_publishing_frequency="SIX_HOURS",  # of findings that go on; new ones come at once
            features=[
                of.CFNFeatureConfigurationProperty(name="S3_DATA_EVENTS", status="ENABLED"),
                *(of.CFNFeatureConfigurationProperty(name=plan, status="DISABLED") for plan in OTHER_PLANS),
            ],
        )

    def _hub(self) -> None:
        hub = securityhub.CfnHub(
            self,
            "Hub",
            auto_enable_controls=True,
            control_finding_generator="SECURITY_CONTROL",
            enable_default_standards=False,
        )
        standard = securityhub.CfnStandard(
            self,
            "BestPractices",
            standards_arn=f"arn:aws:securityhub:{self.region}::standards/aws-foundational-security-best-practices/v/1.0.0",
        )
        standard.node.add_dependency(hub)

    def _macie(self) -> None:
        """A look each week at a share of the new raw files: senders should send no personal data, and some do."""
        gaps = CustomResources(self, "macie_gaps", RUNNERS[MACIE_GAPS], {})
        job = gaps.add(
            "PersonalData",
            "Custom::ClassificationJob",
            {
                "Name": self.installation.name("personal-data"),
                "Account": self.account,
                "Bucket": self.installation.bucket("lake"),
                "Prefix": "raw/",
                "SamplingPercentage": sampling_percentage(self.installation),
                "Tags": self.installation_tags,
            },
        )
        if self.presences["macie"] == "create":
            job.node.add_dependency(macie.CfnSession(self, "Macie", finding_publishing_frequency="SIX_HOURS"))
        _let_read(self.data, self.account)

    def _findings(self) -> None:
        """Tell the operators of severe findings: Security Hub has those of the others too."""
        wanted = [name for name in ("security_hub", "guardduty", "macie") if self.presences[name] != "skip"]
        if "security_hub" in wanted:
            wanted = ["security_hub"]
        for name in wanted:
            pattern, shown = FINDINGS[name]
            notice(
                self,
                f"Findings-{name}",
                purpose=f"findings-{name.replace('_', '-')}",
                description="Severe findings, to the operators",
                pattern=pattern,
                topic_arn=self.watching.operators.topic_arn,
                failures_arn=self.watching.failures.queue_arn,
                shown=shown,
                text="Severe finding in account <account>: <title>. Look at it in Security Hub, GuardDuty or Macie.",
            )


FINDINGS: dict[str, tuple[dict[str, Any], dict[str, str]]] = {
    "security_hub": (
        {
            "source": ["aws.securityhub"],
            "detail-type": ["Security Hub Findings - Imported"],
            "detail": {
                "findings": {
                    "Severity": {"Label": ["HIGH", "CRITICAL"]},
                    "Workflow": {"Status": ["NEW"]},
                    "RecordState": ["ACTIVE"],
                }
            },
        },
        {"account": "$.account", "title": "$.detail.findings[0].Title"},
    ),
    "guardduty": (
        {
            "source": ["aws.guardduty"],
            "detail-type": ["GuardDuty Finding"],
            "detail": {"severity": [{"numeric": [">=", 7]}]},
        },
        {"account": "$.account", "title": "$.detail.title"},
    ),
    "macie": (
        {
            "source": ["aws.macie"],
            "detail-type": ["Macie Finding"],
            "detail": {"severity": {"description": ["High"]}},
        },
        {"account": "$.account", "title": "$.detail.title"},
    ),
}
"""Severe findings by who finds them: the pattern of their events, and what is shown of one."""


def sampling_percentage(installation: Installation) -> int:
    """The percentage of new raw files that Macie reads: the gigabytes of the tier ÷ those that arrive in a month."""
    arriving = raw_gigabytes_a_month(installation.tier.events_per_day)
    return max(1, min(100, int(100 * installation.tier.security.macie_gigabytes_per_month / arriving)))


def _let_read(data: Data, account: str) -> None:
    """Let Macie decrypt the lake. Its role may not be there yet, so it is named by a condition.

    Source: Macie user guide, allowing Macie to use a customer managed AWS KMS key.
    """
    role = f"arn:aws:iam::{account}:role/aws-service-role/macie.amazonaws.com/AWSServiceRoleForAmazonMacie"
    data.key.add_to_resource_policy(
        iam.PolicyStatement(
            sid="Macie",
            principals=[iam.AnyPrincipal()],
            actions=["kms:Decrypt"],
            resources=["*"],  # of a key's policy: the key itself
            conditions={"StringEquals": {"aws:PrincipalArn": role, "kms:CallerAccount": account}},
        )
    )
