"""Names that are taken or not free yet, stacks that nothing can be deployed to, and a hosted zone that is not there."""

from __future__ import annotations

from collections.abc import Iterator

from catalogue.errors import QueryFailed
from console.aws.failures import error_code, translate_errors
from infra_cdk.deploying import kept
from infra_cdk.deploying.checks.check import Mistake
from infra_cdk.deploying.situation import Situation
from infra_cdk.deploying.stacks import Stack
from infra_cdk.installation import DATA

BUCKETS = ("lake", "results", "logs")
NOT_MADE = (
    "ROLLBACK_COMPLETE",
    "ROLLBACK_FAILED",
)  # CDK deletes such a stack and makes it anew, unless it is protected
MOST_NAMED = 5


def states(situation: Situation) -> Iterator[Mistake]:
    """Stacks that CloudFormation would not touch."""
    for stack in situation.stacks:
        what, remedy = _blocked(stack)
        if what:
            reason = f": {stack.reason.rstrip('.')}" if stack.reason else ""
            yield f"{what}{reason}", f"stack {stack.name} in {stack.region} ({stack.status})", remedy


def _blocked(stack: Stack) -> tuple[str, str]:
    at = f"--stack-name {stack.name} --region {stack.region}"
    if stack.status.endswith("_IN_PROGRESS"):
        return "Somebody else is changing the stack", "Wait until that has ended."
    if stack.status == "UPDATE_ROLLBACK_FAILED":
        return "An update failed, and could not be undone", f"`aws cloudformation continue-update-rollback {at}`."
    if stack.status == "DELETE_FAILED":
        return "The stack could not be deleted", "`make destroy` tries again."
    if stack.status in NOT_MADE and stack.protected:
        return (
            "The stack was never whole, and is protected",
            f"`aws cloudformation update-termination-protection --no-enable-termination-protection {at}`, then deploy"
            " again: it is made anew.",
        )
    return "", ""


def left_over(situation: Situation) -> Iterator[Mistake]:
    """Stacks of an earlier deployment file, as where a domain has come: they hold on to what is to be changed."""
    for stack in situation.stacks:
        if stack.part in situation.installation.left_out:
            yield (
                "The stack is of an earlier deployment file, and uses what this one changes",
                f"stack {stack.name} in {stack.region}",
                f"`make destroy TIER={situation.installation.tier.name}`, which keeps the data, then deploy again.",
            )


def buckets(situation: Situation) -> Iterator[Mistake]:
    """Buckets of these names that are there: names of buckets are unique in the world."""
    client = situation.clients.client("s3")
    for purpose in BUCKETS:
        name = situation.installation.bucket(purpose)
        try:
            with translate_errors("Amazon S3", name, action="s3:ListBucket"):
                client.head_bucket(Bucket=name)
        except QueryFailed as error:
            if error_code(error) == "403":
                yield (
                    f"The name of bucket {name} is taken by another account, or you may not see your own",
                    situation.line("installation", "name"),
                    "Choose another name for the installation; if the bucket is yours, allow s3:ListBucket.",
                )
            elif error_code(error) != "404":
                raise
        else:
            if not situation.has(DATA):
                yield (
                    f"Bucket {name} is there already, and no stack has it",
                    situation.line("installation", "name"),
                    "Delete it, if nothing in it is needed, or choose another name for the installation.",
                )


def secrets(situation: Situation) -> Iterator[Mistake]:
    """Secrets of these names that are about to be deleted: until they are, their names cannot be used."""
    region, beginning = situation.installation.region, f"{situation.installation.prefix}-"
    pages = (
        situation.clients.client("secretsmanager")
        .get_paginator("list_secrets")
        .paginate(IncludePlannedDeletion=True, Filters=[{"Key": "name", "Values": [beginning]}])
    )
    with translate_errors("Secrets Manager", region, action="secretsmanager:ListSecrets"):
        found = [secret for page in pages for secret in page["SecretList"]]
    for secret in found:
        if secret["Name"].startswith(beginning) and "DeletedDate" in secret:
            yield (
                f"Secret {secret['Name']} is being deleted, and its name is not free until then",
                f"Secrets Manager in {region}",
                f"`aws secretsmanager delete-secret --force-delete-without-recovery --region {region}"
                f" --secret-id {secret['Name']}` deletes it at once.",
            )


def leftovers(situation: Situation) -> Iterator[Mistake]:
    """What an earlier installation of this name left, where there is no stack that has it."""
    found = [item for item in kept.find_all(situation.clients, situation.installation) if item.kind != "bucket"]
    if found:
        named = ", ".join(item.title for item in found[:MOST_NAMED])
        more = f" and {len(found) - MOST_NAMED} more" if len(found) > MOST_NAMED else ""
        words = kept.words(situation.installation)
        yield (
            f"An earlier installation left {named}{more}: they cannot be made again",
            situation.line("installation", "name"),
            f'`make destroy TIER={situation.installation.tier.name} DATA="{words}"` deletes them for ever; or choose'
            " another name.",
        )


def hosted_zone(situation: Situation) -> Iterator[Mistake]:
    """The hosted zone is there, public, and of the domain."""
    domain = situation.configuration.domain
    if domain is None:
        return
    where = situation.line("domain", "hosted_zone_id")
    with translate_errors("Route 53", where, action="route53:GetHostedZone"):
        zone = situation.clients.client("route53").get_hosted_zone(Id=domain.hosted_zone_id)["HostedZone"]
    if zone.get("Config", {}).get("PrivateZone"):
        yield f"Hosted zone {domain.hosted_zone_id} is private: nobody outside finds it", where, "Name a public one."
    if zone["Name"].rstrip(".") != domain.name:
        yield (
            f"Hosted zone {domain.hosted_zone_id} is of {zone['Name'].rstrip('.')}, not of {domain.name}",
            where,
            "Write the zone's own domain, and its id.",
        )
