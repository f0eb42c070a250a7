"""Topics that write to people: encrypted, reached by TLS alone, open to alarms and to rules of EventBridge."""

from __future__ import annotations

from collections.abc import Sequence

from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sns_subscriptions as subscriptions

from infra_cdk.parts.principals import service_of_account
from infra_cdk.parts.stack import InstallationStack


def mail_topic(
    stack: InstallationStack,
    construct_id: str,
    *,
    purpose: str,
    title: str,
    key: kms.IKey,
    mails: Sequence[str],
) -> sns.Topic:
    """A topic whose messages go to mail addresses, once each of them has confirmed it.

    Parameters
    ----------
    purpose : last word of its name
    key : must let CloudWatch and EventBridge use it
    """
    topic = sns.Topic(
        stack,
        construct_id,
        topic_name=stack.installation.name(purpose),
        display_name=title,
        master_key=key,
        enforce_ssl=True,
    )
    for sid, principal in (
        ("Alarms", service_of_account(stack, "cloudwatch")),
        ("Rules", iam.ServicePrincipal("events.amazonaws.com")),
    ):
        topic.add_to_resource_policy(
            iam.PolicyStatement(sid=sid, principals=[principal], actions=["sns:Publish"], resources=[topic.topic_arn])
        )
    for mail in mails:
        topic.add_subscription(subscriptions.EmailSubscription(mail))
    return topic
