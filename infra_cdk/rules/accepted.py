"""Findings of the rule pack that are accepted, each where it arises and with its reason."""

from __future__ import annotations

from aws_cdk import Acknowledgment, Validations
from constructs import IConstruct

PACK = "AwsSolutions"


def accept(construct: IConstruct, reason: str, *rules: str) -> None:
    """Accept rules of the pack, such as ``SQS3`` or ``IAM5[Resource::*]``, for a construct and what is below it."""
    for rule in rules:
        Validations.of(construct).acknowledge(Acknowledgment(id=f"{PACK}::{PACK}-{rule}", reason=reason))
