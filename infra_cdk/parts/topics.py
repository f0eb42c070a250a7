"""Topics that write to people: encrypted, reached by TLS alone, open to services of this account that are named."""

from __future__ import annotations

from collections.abc import Sequence

from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sns_subscriptions as subscriptions

from infra_cdk.parts.stack import InstallationStack


def mail_topic(
    stack: InstallationStack,
    construct_id: str,
    *,
    purpose: str,
    title: str,
    key: kms.IKey,
    mails: Sequence[str],
    services: Sequence[str],
) -> sns.Topic:
    """A topic whose messages go to mail addresses, once each of them has confirmed it.

    Parameters
    ----------
    purpose : last word of its name
    key : must let the services use it, with this account as their source
    services : which may publish, such as ``cloudwatch``
    """
    topic = sns.Topic(
        stack,
        construct_id,
        topic_name=stack.installation.name(purpose),
        display_name=title,
        master_key=key,
        enforce_ssl=True,
    )
    topic.add_to_resource_policy(
        iam.PolicyStatement(
            sid="AllowServices",
            principals=[iam.ServicePrincipal(f"{service}.amazonaws.com") for service in services],
            actions=["sns:Publish"],
            resources=[topic.topic_arn],
            conditions={"StringEquals": {"aws:SourceAccount": stack.account}},
        )
    )
    for mail in mails:
        topic.add_subscription(subscriptions.EmailSubscription(mail))
    return topic
