"""A situation of `infra_cdk.deploying` in tests: an installation of a written file, and AWS as a test answers it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from infra_cdk import installation
from infra_cdk.configuration import DEPLOYMENT
from infra_cdk.deploying.deploy import Screen
from infra_cdk.deploying.situation import Situation
from tests.support.aws_answers import Answer, Answers

ACCOUNT, REGION = "111122223333", "eu-central-1"
TAGS = [{"Key": "takings:installation", "Value": "takings"}, {"Key": "takings:tier", "Value": "dev"}]
MADE_AT = datetime(2026, 3, 1, tzinfo=UTC)


class AnsweringClients:
    """Clients whose answers a test gives, held against botocore's models."""

    def __init__(self, answers: Mapping[str, Answer]) -> None:
        self.answers = Answers(answers)

    def client(self, service_name: str, region_name: str | None = None) -> Any:
        """One client."""
        return self.answers(service_name, region_name or REGION)


class Boto3Clients:
    """Clients of boto3, which moto answers."""

    def client(self, service_name: str, region_name: str | None = None) -> Any:
        """One client."""
        import boto3

        return boto3.client(service_name, region_name=region_name or REGION)


@dataclass
class SaidScreen:
    """What a command said; every question is answered the same."""

    answer: bool = True
    said: list[str] = field(default_factory=list)
    progress: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    @property
    def screen(self) -> Screen:
        """As a command takes it."""

        def confirm(question: str) -> bool:
            self.asked.append(question)
            return self.answer

        return Screen(self.said.append, self.progress.append, confirm)


def deployment_file(folder: Path, **changes: str) -> Path:
    """The shipped file for an account of ours; each change replaces one text by another: ``old="new"`` in `changes`."""
    text = DEPLOYMENT.read_text(encoding="utf-8").replace("123456789012", ACCOUNT).replace("@example.com", "@shop.test")
    for name, value in changes.items():
        before = next(line for line in text.split("\n") if line.startswith(f"{name} = "))
        text = text.replace(before, f"{name} = {value}")
    path = folder / "deployment.toml"
    path.write_text(text, encoding="utf-8")
    return path


def situation(folder: Path, clients: Any, tier: str = "dev", **changes: str) -> Situation:
    """An installation in its first moment."""
    path = deployment_file(folder, **changes)
    return Situation(installation.load(tier, path), path, clients)


def stack(name: str, status: str = "CREATE_COMPLETE", **more: Any) -> dict[str, Any]:
    """A stack as CloudFormation describes it."""
    arn = f"arn:aws:cloudformation:{REGION}:{ACCOUNT}:stack/{name}/1"
    return {
        "StackName": name, "StackId": arn, "StackStatus": status, "CreationTime": MADE_AT, "Tags": TAGS, **more
    }  # fmt: skip
