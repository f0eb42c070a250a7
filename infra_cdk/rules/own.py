"""What the rule pack does not know: our own rules, over the templates of one tier.

A rule is a generator of findings; `RULES` lists them all. The tests of the templates ask for `findings`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from infra_cdk.installation import DATA

Template = Mapping[str, Any]
Templates = Mapping[str, Template]
"""By the part that the stack is, such as ``data``."""

KEPT_TYPES = ("AWS::DynamoDB::Table", "AWS::KMS::Key", "AWS::Kinesis::Stream", "AWS::S3::Bucket")
KEPT = ("Retain", "RetainExceptOnCreate")  # the latter: but not where the stack could not be made


@dataclass(frozen=True)
class Finding:
    """What is wrong with a resource.

    Attributes
    ----------
    where : part and logical id: ``data/Lake5F1B88EA``
    """

    where: str
    what: str


@dataclass(frozen=True)
class Resource:
    """A resource of a template."""

    part: str
    logical_id: str
    kind: str
    whole: Mapping[str, Any]

    @property
    def properties(self) -> Mapping[str, Any]:
        """Its properties; none where the template has none."""
        found: Mapping[str, Any] = self.whole.get("Properties", {})
        return found

    def lacks(self, what: str) -> Finding:
        """A finding about it."""
        return Finding(f"{self.part}/{self.logical_id}", what)


Rule = Callable[[Sequence[Resource]], Iterator[Finding]]


def findings(templates: Templates) -> list[Finding]:
    """All that is wrong with the templates of a tier."""
    every = list(resources(templates))
    return [finding for rule in RULES for finding in rule(every)]


def resources(templates: Templates) -> Iterator[Resource]:
    """The resources of all templates."""
    for part, template in templates.items():
        for logical_id, resource in template["Resources"].items():
            yield Resource(part, logical_id, resource["Type"], resource)


def of_kind(every: Sequence[Resource], *kinds: str) -> list[Resource]:
    """Those of some types."""
    return [resource for resource in every if resource.kind in kinds]


def athena_is_enforced_encrypted_and_capped(every: Sequence[Resource]) -> Iterator[Finding]:
    """A workgroup whose settings a client may replace has no limit at all."""
    for group in of_kind(every, "AWS::Athena::WorkGroup"):
        settings = group.properties.get("WorkGroupConfiguration", {})
        result = settings.get("ResultConfiguration", {})
        if settings.get("EnforceWorkGroupConfiguration") is not True:
            yield group.lacks("A client may replace the workgroup's settings")
        if not settings.get("BytesScannedCutoffPerQuery"):
            yield group.lacks("A query may scan any number of bytes")
        if result.get("EncryptionConfiguration", {}).get("EncryptionOption") != "SSE_KMS":
            yield group.lacks("Results are not encrypted by the key")


def the_warehouse_is_limited(every: Sequence[Resource]) -> Iterator[Finding]:
    """Redshift Serverless costs by the second, up to its largest capacity, as long as somebody asks."""
    limits = of_kind(every, "Custom::UsageLimit")
    for group in of_kind(every, "AWS::RedshiftServerless::Workgroup"):
        if group.properties.get("MaxCapacity") is None:
            yield group.lacks("It has no largest capacity")
        if group.properties.get("PubliclyAccessible") is not False:
            yield group.lacks("It can be reached from the internet")
        if not limits:
            yield group.lacks("It has no usage limit")
    for space in of_kind(every, "AWS::RedshiftServerless::Namespace"):
        if not space.properties.get("KmsKeyId"):
            yield space.lacks("It is not encrypted by the key")


def logs_end(every: Sequence[Resource]) -> Iterator[Finding]:
    """A log group without a retention is kept, and paid, for ever; so is one that a function makes for itself."""
    for group in of_kind(every, "AWS::Logs::LogGroup"):
        if not group.properties.get("RetentionInDays"):
            yield group.lacks("Its lines are kept for ever")
    for function in of_kind(every, "AWS::Lambda::Function"):
        if "LogGroup" not in function.properties.get("LoggingConfig", {}):
            yield function.lacks("It makes a log group of its own, without a retention")


def buckets_are_private(every: Sequence[Resource]) -> Iterator[Finding]:
    """TLS alone, no public access, encrypted, and no parts of uploads that nobody ended."""
    denied = {
        policy.properties["Bucket"]["Ref"]
        for policy in of_kind(every, "AWS::S3::BucketPolicy")
        if any(_denies_plain_http(statement) for statement in policy.properties["PolicyDocument"]["Statement"])
    }
    for bucket in of_kind(every, "AWS::S3::Bucket"):
        blocked = bucket.properties.get("PublicAccessBlockConfiguration", {})
        rules = bucket.properties.get("LifecycleConfiguration", {}).get("Rules", [])
        if bucket.logical_id not in denied:
            yield bucket.lacks("It can be reached without TLS")
        if len(blocked) != 4 or not all(blocked.values()):
            yield bucket.lacks("It may become public")
        if "BucketEncryption" not in bucket.properties:
            yield bucket.lacks("It is not encrypted")
        if not any("AbortIncompleteMultipartUpload" in rule for rule in rules):
            yield bucket.lacks("Parts of uploads that nobody ended are kept for ever")


def _denies_plain_http(statement: Mapping[str, Any]) -> bool:
    condition = statement.get("Condition", {}).get("Bool", {})
    return bool(statement["Effect"] == "Deny" and condition.get("aws:SecureTransport") == "false")


def messages_are_encrypted(every: Sequence[Resource]) -> Iterator[Finding]:
    """What a topic or a queue holds may name people and costs."""
    for resource in of_kind(every, "AWS::SNS::Topic", "AWS::SQS::Queue"):
        if not resource.properties.get("KmsMasterKeyId"):
            yield resource.lacks("Its messages are not encrypted by the key")


def what_is_kept_is_in_one_stack(every: Sequence[Resource]) -> Iterator[Finding]:
    """A stack that can be deleted holds nothing that must not be."""
    for resource in of_kind(every, *KEPT_TYPES):
        if resource.part != DATA:
            yield resource.lacks(f"It would go with its stack: it belongs to {DATA}")
        elif resource.whole.get("DeletionPolicy") not in KEPT or resource.whole.get("UpdateReplacePolicy") != "Retain":
            yield resource.lacks("It would go with its stack")


def no_action_is_a_wildcard(every: Sequence[Resource]) -> Iterator[Finding]:
    """An action with a wildcard grows with the service; of a key's own policy it is the account's way back in."""
    for resource in of_kind(every, "AWS::IAM::Policy", "AWS::IAM::ManagedPolicy", "AWS::IAM::Role"):
        documents = [resource.properties.get("PolicyDocument")]
        documents += [policy["PolicyDocument"] for policy in resource.properties.get("Policies", [])]
        for document in filter(None, documents):
            for statement in document["Statement"]:
                actions = statement.get("Action", [])
                for action in [actions] if isinstance(actions, str) else actions:
                    if "*" in action and statement["Effect"] == "Allow":
                        yield resource.lacks(f"It allows {action}")


def no_secret_is_in_an_environment(every: Sequence[Resource]) -> Iterator[Finding]:
    """Whoever may look at a function sees its environment."""
    for function in of_kind(every, "AWS::Lambda::Function"):
        for name, value in function.properties.get("Environment", {}).get("Variables", {}).items():
            if "{{resolve:" in str(value):
                yield function.lacks(f"{name} holds a secret")


def failed_records_end_somewhere(every: Sequence[Resource]) -> Iterator[Finding]:
    """By default one bad record holds a shard up for a day, and is then lost without a word."""
    for mapping in of_kind(every, "AWS::Lambda::EventSourceMapping"):
        given = mapping.properties
        if not 0 <= given.get("MaximumRetryAttempts", -1) <= 100:
            yield mapping.lacks("It tries a bad batch again without end")
        if given.get("MaximumRecordAgeInSeconds", -1) <= 0:
            yield mapping.lacks("It tries old records for as long as the stream keeps them")
        if not given.get("BisectBatchOnFunctionError"):
            yield mapping.lacks("A bad record takes its whole batch along")
        if "ReportBatchItemFailures" not in given.get("FunctionResponseTypes", []):
            yield mapping.lacks("Records before a bad one are delivered again")
        if not given.get("DestinationConfig", {}).get("OnFailure"):
            yield mapping.lacks("Nobody hears of what was given up")


RULES: tuple[Rule, ...] = (
    athena_is_enforced_encrypted_and_capped,
    the_warehouse_is_limited,
    logs_end,
    buckets_are_private,
    messages_are_encrypted,
    what_is_kept_is_in_one_stack,
    no_action_is_a_wildcard,
    no_secret_is_in_an_environment,
    failed_records_end_somewhere,
)
