"""CDK's own command line deploys what the app makes, and the commands around it see, list and delete what it made."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from console.aws.clients import connect
from infra_cdk import installation
from infra_cdk.deploying import cdk_command, diff
from infra_cdk.deploying.destroy import destroy
from infra_cdk.deploying.situation import Situation
from tests.engines.ministack_server import KEY, MinistackServer, running
from tests.engines.names import ACCOUNT
from tests.infra.templates import Templates
from tests.support.deployments import REGION, SaidScreen, deployment_file


@dataclass(frozen=True)
class Emulated:
    """An installation in an account that ministack plays."""

    server: MinistackServer
    path: Path

    def cdk(self, action: str, *options: str) -> int:
        """Run CDK's command line."""
        return cdk_command.run(cdk_command.command(action, "dev", self.path, *options))

    @property
    def situation(self) -> Situation:
        """As a command finds it now."""
        return Situation(installation.load("dev", self.path), self.path, connect(REGION))


@pytest.fixture
def emulated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Emulated]:
    with running(tmp_path) as server:
        for name, value in {
            # a key of twelve digits names the account
            "AWS_ENDPOINT_URL": server.endpoint, "AWS_ACCESS_KEY_ID": ACCOUNT, "AWS_SECRET_ACCESS_KEY": KEY,
            "AWS_REGION": REGION, "AWS_EC2_METADATA_DISABLED": "true", "NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1",
        }.items():  # fmt: skip
            monkeypatch.setenv(name, value)
        yield Emulated(server, deployment_file(tmp_path, account=f'"{ACCOUNT}"'))


def test_cdk_deploys_the_data_which_stay_when_the_rest_goes_and_go_when_that_is_written_out(
    emulated: Emulated, tmp_path: Path
) -> None:
    outputs = tmp_path / "outputs.json"
    assert emulated.cdk("bootstrap", f"aws://{ACCOUNT}/{REGION}") == 0
    deployed = emulated.cdk(
        "deploy", "takings-dev-data", "--exclusively", "--require-approval", "never", "--outputs-file", str(outputs)
    )
    assert deployed == 0
    assert json.loads(outputs.read_text())["takings-dev-data"]["WriteKeysSecret"] == "takings-dev-write-keys"
    [stack] = emulated.situation.stacks
    assert (stack.part, stack.status, stack.protected) == ("data", "CREATE_COMPLETE", True)

    s3 = emulated.situation.clients.client("s3")
    tags = [{"Key": "takings:installation", "Value": "takings"}, {"Key": "takings:tier", "Value": "dev"}]
    for purpose in ("lake", "results", "logs"):  # ministack's CloudFormation gives buckets no tags
        s3.put_bucket_tagging(Bucket=emulated.situation.installation.bucket(purpose), Tagging={"TagSet": tags})
    spoken = SaidScreen()
    assert destroy(emulated.situation, spoken.screen) == 0
    assert [one.part for one in emulated.situation.stacks] == ["data"]
    kinds = [line.split()[0] for line in spoken.said if line.startswith("  ")]
    assert kinds == ["stream", "database", "table", "table", "table", "bucket", "bucket", "bucket", "secret", "key"]

    spoken = SaidScreen()
    assert destroy(emulated.situation, spoken.screen, "delete takings-dev") == 0
    assert emulated.situation.stacks == []
    assert spoken.said[-1] == "Nothing of takings-dev is left."


def test_what_cdk_says_about_a_change_is_understood(all_templates: dict[str, Templates], tmp_path: Path) -> None:
    """The deployed template has a table of another name, a queue that is gone, and a stream that keeps longer."""
    templates = all_templates["dev"]
    before = json.loads(json.dumps(templates.by_part["data"]))
    resources = before["Resources"]
    next(one for name, one in resources.items() if name.startswith("Live"))["Properties"]["TableName"] = "old"
    next(one for name, one in resources.items() if name.startswith("Stream"))["Properties"]["RetentionPeriodHours"] = 48
    resources["Gone"] = {"Type": "AWS::SQS::Queue", "Properties": {}}
    path = tmp_path / "before.json"
    path.write_text(json.dumps(before))
    codes: list[int] = []
    arguments = cdk_command.command(
        "diff", "dev", tmp_path, "takings-dev-data", "--template", str(path), "--no-color",
        application=str(templates.folder),
    )  # fmt: skip
    comparison = diff.read(cdk_command.lines(arguments, codes.append))
    assert codes == [0], comparison.lines
    assert comparison.changed == 1
    assert [danger.line().rpartition(" Live")[0] or danger.line() for danger in comparison.dangers] == [
        "takings-dev-data: AWS::SQS::Queue Gone is deleted",
        "takings-dev-data: AWS::DynamoDB::Table Live",
    ]
