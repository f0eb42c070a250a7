"""A situation of `infra_cdk.deploying` in tests: an installation of a written file, and AWS as a test answers it."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import boto3

from infra_cdk import installation
from infra_cdk.configuration import DEPLOYMENT
from infra_cdk.deploying.screen import Screen
from infra_cdk.deploying.situation import Situation
from tests.support.aws_answers import Answer, Answers

ACCOUNT, REGION = "111122223333", "eu-central-1"
TAGS = [{"Key": "takings:installation", "Value": "takings"}, {"Key": "takings:tier", "Value": "dev"}]
DOMAIN = '[domain]\nname = "shop.test"\nhosted_zone_id = "Z1"\n'
MADE_AT = datetime(2026, 3, 1, tzinfo=UTC)


class AnsweringClients:
    """Clients whose answers a test gives, held against botocore's models."""

    def __init__(self, answers: Mapping[str, Answer]) -> None:
        self.answers = Answers(answers)

    def client(self, service_name: str, region_name: str | None = None) -> Any:
        """One client."""
        return self.answers(service_name, region_name or REGION)


class Boto3Clients:
    """Clients of boto3, which moto answers; CloudFormation's may be answered by a double."""

    def __init__(self, stacks: StackDouble | None = None) -> None:
        self._stacks = stacks

    def client(self, service_name: str, region_name: str | None = None) -> Any:
        """One client."""
        if service_name == "cloudformation" and self._stacks is not None:
            stacks = self._stacks if region_name in (None, REGION) else StackDouble({})
            return stacks.clients.client(service_name, region_name)
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


def deployment_file(folder: Path, more: str = "", **changes: str) -> Path:
    """The shipped file for an account of ours, with other values of some settings, and `more` at its end."""
    text = DEPLOYMENT.read_text(encoding="utf-8").replace("123456789012", ACCOUNT).replace("@example.com", "@shop.test")
    for name, value in changes.items():
        before = next(line for line in text.split("\n") if line.startswith(f"{name} = "))
        text = text.replace(before, f"{name} = {value}")
    digest = hashlib.sha256((text + more).encode()).hexdigest()[:8]
    path = folder / f"deployment-{digest}.toml"  # a path is read once
    path.write_text(f"{text}\n{more}", encoding="utf-8")
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


class StackDouble:
    """CloudFormation with stacks, oldest first, whose deletion goes through the states that a test writes."""

    def __init__(
        self, states: Mapping[str, list[str]], protected: Collection[str] = (), outputs: Mapping[str, str] = {}
    ) -> None:
        self.outputs = [{"OutputKey": name, "OutputValue": value} for name, value in outputs.items()]
        self.states = {name: list(following) for name, following in states.items()}
        self.protected = set(protected)
        self.now = dict.fromkeys(states, "CREATE_COMPLETE")
        self.asked_to_delete: list[str] = []
        self.events: list[dict[str, Any]] = []
        self.slept: list[float] = []
        self.clients = AnsweringClients({
            "cloudformation:DescribeStacks": self._described,
            "cloudformation:DeleteStack": self._deleted,
            "cloudformation:DescribeStackEvents": lambda _: {"StackEvents": list(reversed(self.events))},
            "cloudformation:UpdateTerminationProtection": self._unprotected,
            "cloudformation:DescribeStackResources": {
                "StackResources": [
                    {
                        "LogicalResourceId": "Group", "PhysicalResourceId": "sg-1", "Timestamp": MADE_AT,
                        "ResourceType": "AWS::EC2::SecurityGroup", "ResourceStatus": "DELETE_FAILED",
                        "ResourceStatusReason": "resource sg-1 has a dependent object",
                    },
                    {
                        "LogicalResourceId": "Fine", "Timestamp": MADE_AT, "ResourceType": "AWS::SNS::Topic",
                        "ResourceStatus": "DELETE_COMPLETE",
                    },
                ]
            },
        })  # fmt: skip

    def _described(self, asked: Mapping[str, Any]) -> Mapping[str, Any]:
        if "StackName" in asked:
            name = asked["StackName"].split("/")[1]
            if name in self.asked_to_delete and self.states[name]:
                before, self.now[name] = self.now[name], self.states[name].pop(0)
                if self.now[name] != before:
                    self.events.append(_event(name, self.now[name], len(self.events)))
            return {"Stacks": [stack(name, self.now[name])]}
        return {"Stacks": [stack(name, status, Outputs=self.outputs) for name, status in self.now.items()]}

    def _deleted(self, asked: Mapping[str, Any]) -> Mapping[str, Any]:
        name = asked["StackName"].split("/")[1]
        if name in self.protected:
            raise AssertionError(f"{name} is protected")
        self.asked_to_delete.append(name)
        return {}

    def _unprotected(self, asked: Mapping[str, Any]) -> Mapping[str, Any]:
        self.protected.discard(asked["StackName"].split("/")[1])
        return {}

    def left(self) -> list[str]:
        """Stacks that are there."""
        return [name for name, status in self.now.items() if status != "DELETE_COMPLETE"]


def _event(name: str, status: str, number: int) -> dict[str, Any]:
    return {
        "StackId": "s", "EventId": str(number), "StackName": name, "Timestamp": MADE_AT, "ResourceStatus": status,
        "ResourceType": "AWS::CloudFormation::Stack", "LogicalResourceId": name,
    }  # fmt: skip
