"""A new account of AWS on the emulator, and the deployment program in it: a child process with its own clients and CDK.

The program is as an engineer calls it. What points it here are variables that botocore, CDK and Python read: endpoints,
a key, a proxy for what goes to CloudFront. That proxy knows distributions alone and refuses every other name, so that
the packages are built before it is there.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from infra_cdk.installation import GLOBAL_REGION
from infra_cdk.packages import PACKAGES, build, glue_files
from tests.engines.ministack_server import KEY, MinistackServer, running
from tests.engines.processes import tied
from tests.infra.emulator import cloudfront, front
from tests.infra.emulator.cloudfront import CloudFront
from tests.infra.emulator.code import LocalCode
from tests.infra.emulator.front import Front
from tests.infra.emulator.kinesis_source import KinesisSource, invoked
from tests.support.deployments import ACCOUNT, REGION, deployment_file
from tests.support.paths import ROOT

PREFIX = "takings-dev"
SECONDS = 300.0  # of one command; with a processor to itself the longest takes half a minute


@dataclass(frozen=True)
class Done:
    """What a command answered: its exit code, and both its streams as lines."""

    code: int
    lines: list[str]

    def those(self, beginning: str) -> list[str]:
        """What follows in the lines that begin so."""
        return [line.removeprefix(beginning) for line in self.lines if line.startswith(beginning)]


@dataclass
class Account:
    """The account, and the file that says what is deployed.

    Attributes
    ----------
    given_up : batches that Lambda did not bring to live
    """

    server: MinistackServer
    scratch: Path
    given_up: list[dict[str, Any]] = field(default_factory=list)
    environment: dict[str, str] = field(default_factory=dict)

    def client(self, service: str, region: str = REGION) -> Any:
        """A client of the test's own."""
        return self.server.client(service, region, ACCOUNT)

    @cached_property
    def configuration(self) -> Path:
        """The shipped file, with an account and addresses."""
        return deployment_file(self.scratch)

    @cached_property
    def front(self) -> Front:
        """What answers for services that the emulator lacks."""
        return Front(self.server, LocalCode(self.client("s3"), self.scratch, ["ingest"]), f"{PREFIX}-")

    @cached_property
    def edge(self) -> CloudFront:
        """Where senders send; live has read the stream when they are answered."""
        return CloudFront(self.client("cloudfront"), self.server.port, self.scratch, self._bring_to_live)

    def _bring_to_live(self) -> None:
        self._live.drain()

    @cached_property
    def _live(self) -> KinesisSource:
        resources = self.front.made[f"{PREFIX}-ingest"]["Resources"].values()
        mapping = next(one for one in resources if one["Type"] == "AWS::Lambda::EventSourceMapping")["Properties"]
        invoke = invoked(self.client("lambda"), f"{PREFIX}-live")
        return KinesisSource(mapping, self.client("kinesis"), f"{PREFIX}-events", invoke, self.given_up.append)

    def run(self, *words: str) -> Done:
        """Run a command of the program to its end; all that it started is killed where it takes too long."""
        command = [sys.executable, "-m", "infra_cdk.deploying", *words, "--tier", "dev"]
        with subprocess.Popen(
            tied([*command, "--config", str(self.configuration)]),
            cwd=ROOT,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        ) as process:
            try:
                text, _ = process.communicate(timeout=SECONDS)
            except BaseException:
                os.killpg(process.pid, signal.SIGKILL)
                raise
        return Done(process.returncode, text.splitlines())

    def stacks(self) -> list[dict[str, Any]]:
        """The installation's stacks in both regions, as CloudFormation describes them."""
        return [
            stack
            for region in (REGION, GLOBAL_REGION)
            for stack in self.client("cloudformation", region).describe_stacks()["Stacks"]
            if stack["StackName"].startswith(f"{PREFIX}-")
        ]

    def keys(self) -> list[str]:
        """Who may send: the sources of the write keys."""
        secret = self.client("secretsmanager").get_secret_value(SecretId=f"{PREFIX}-write-keys")
        return sorted(key["source"] for key in json.loads(secret["SecretString"]))

    def sent(self) -> list[str]:
        """The ids of all events in the stream, oldest first."""
        client, name = self.client("kinesis"), f"{PREFIX}-events"
        [shard] = client.list_shards(StreamName=name)["Shards"]
        place = {"StreamName": name, "ShardId": shard["ShardId"], "ShardIteratorType": "TRIM_HORIZON"}
        records = client.get_records(ShardIterator=client.get_shard_iterator(**place)["ShardIterator"])["Records"]
        return [json.loads(record["Data"])["event_id"] for record in records]

    def tag_buckets(self) -> None:
        """Give buckets the tags of their stack, which the emulator's CloudFormation does not."""
        tags = [{"Key": "takings:installation", "Value": "takings"}, {"Key": "takings:tier", "Value": "dev"}]
        for purpose in ("lake", "results", "logs"):
            bucket = f"{PREFIX}-{purpose}-{ACCOUNT}-{REGION}"
            self.client("s3").put_bucket_tagging(Bucket=bucket, Tagging={"TagSet": tags})


@contextmanager
def opened(scratch: Path) -> Iterator[Account]:
    """A new account, for as long as it is open."""
    for package in PACKAGES:
        build(package)
    glue_files()
    with running(scratch, ACCOUNT) as server:
        account = Account(server, scratch)
        with front.listening(account.front) as address, cloudfront.listening(account.edge) as port:
            theirs = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
            account.environment |= theirs | account.front.environment(address) | account.edge.environment(port)
            account.environment |= {
                "AWS_ACCESS_KEY_ID": ACCOUNT, "AWS_SECRET_ACCESS_KEY": KEY, "AWS_REGION": REGION,
                "AWS_EC2_METADATA_DISABLED": "true",
            }  # fmt: skip
            yield account
