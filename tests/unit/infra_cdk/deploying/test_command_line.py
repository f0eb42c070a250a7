"""The commands as `make` calls them: what they print, their exit codes, and what they say when they are stopped."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest

from infra_cdk.deploying import __main__ as command_line
from infra_cdk.deploying import cdk_command
from infra_cdk.deploying.checks import Check
from infra_cdk.deploying.situation import Situation
from tests.support.deployments import ACCOUNT, REGION, AnsweringClients, Boto3Clients, StackDouble, situation

FAKE = """\
import json, os, sys
print("Stack takings-dev-data")
print("[~] AWS::KMS::Key Key Key961B73FD replace", file=sys.stderr)
print("Number of stacks with differences: " + os.environ["FAKE_DIFFERENCES"])
json.dump({"arguments": sys.argv[1:], "telemetry": os.environ["CDK_DISABLE_CLI_TELEMETRY"],
           "path": os.environ["PYTHONPATH"].split(os.pathsep)[0]}, open(os.environ["FAKE_RECORD"], "w"))
sys.exit(int(os.environ.get("FAKE_CODE", "0")))
"""


@pytest.fixture
def stacks() -> StackDouble:
    return StackDouble({"takings-dev-ingest": []})


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stacks: StackDouble) -> Callable[..., int]:
    """Runs a command in an installation of which nothing is wrong."""
    here = situation(tmp_path, Boto3Clients(stacks))
    monkeypatch.setattr(command_line, "situation", lambda *_: here)
    monkeypatch.setattr(command_line, "CHECKS", (Check("credentials", lambda _: []),))
    return lambda *arguments: command_line.main(arguments)


@pytest.fixture
def record(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A program in CDK's place, which writes down how it was called."""
    program, node, written = tmp_path / "cdk", tmp_path / "bin" / "node", tmp_path / "record.json"
    program.write_text(FAKE)
    node.parent.mkdir()
    node.symlink_to(sys.executable)
    monkeypatch.setattr(cdk_command, "PROGRAM", program)
    monkeypatch.setattr(cdk_command, "own_node", lambda: tmp_path)
    monkeypatch.setenv("FAKE_RECORD", str(written))
    monkeypatch.setenv("FAKE_DIFFERENCES", "0")
    return written


@pytest.mark.parametrize(("differences", "failed", "code"), [("0", "0", 0), ("2", "0", 1), ("2", "1", 2)])
def test_diff_ends_with_0_without_changes_with_1_with_some_and_with_2_when_it_failed(
    run: Callable[..., int],
    record: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    differences: str,
    failed: str,
    code: int,
) -> None:
    monkeypatch.setenv("FAKE_DIFFERENCES", differences)
    monkeypatch.setenv("FAKE_CODE", failed)
    assert run("diff") == code
    first, *rest = capsys.readouterr().out.splitlines()
    assert first == "takings-dev-data: AWS::KMS::Key Key Key961B73FD is replaced: what it holds is lost"
    assert "Stack takings-dev-data" in rest


def test_cdk_is_called_with_this_project_and_tells_nobody(run: Callable[..., int], record: Path) -> None:
    run("diff", "--tier", "scale")
    written = json.loads(record.read_text())
    assert written["telemetry"] == "true"
    assert Path(written["path"]) == cdk_command.ROOT
    arguments = written["arguments"]
    assert arguments[0] == "diff"
    assert arguments[arguments.index("--app") + 1].endswith("infra_cdk/app.py")
    assert "tier=scale" in arguments
    assert arguments[arguments.index("--lookups") + 1] == "false"


@pytest.mark.parametrize(
    ("stacks", "given"),
    [
        (
            StackDouble({"takings-dev-global": []}, outputs={"WebAclArn": "arn:acl"}),
            "takings-dev-edge:WebAclArn=arn:acl",
        ),
        (StackDouble({}), None),
    ],
)
def test_diff_compares_with_the_web_acl_that_is_there(run: Callable[..., int], record: Path, given: str | None) -> None:
    """Without its parameter CDK makes no change set of the edge, and takes what is replaced from the template alone."""
    run("diff")
    arguments = json.loads(record.read_text())["arguments"]
    assert dict(pairwise(arguments)).get("--parameters") == given


def test_bootstrap_makes_no_templates(run: Callable[..., int], record: Path) -> None:
    assert run("bootstrap") == 0
    arguments = json.loads(record.read_text())["arguments"]
    assert arguments[0] == "bootstrap"
    assert arguments[-2:] == [f"aws://{ACCOUNT}/{REGION}", f"aws://{ACCOUNT}/us-east-1"]
    assert "--app" not in arguments


def test_a_finding_stops_a_deployment_before_the_bill_is_shown(
    run: Callable[..., int], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    wrong = Check("zones", lambda _: [("There is no zone c", "deployment.toml:7", "Write another.")])
    monkeypatch.setattr(command_line, "CHECKS", (wrong,))
    assert run("deploy", "--yes") == 2
    assert capsys.readouterr().out == ("✗ zones\n\nzones: There is no zone c (deployment.toml:7).\n  Write another.\n")
    assert run("preflight", "--json") == 2
    assert json.loads(capsys.readouterr().out) == {
        "findings": [
            {
                "check": "zones", "what": "There is no zone c", "where": "deployment.toml:7", "remedy": "Write another."
            }
        ]
    }  # fmt: skip


@pytest.mark.parametrize("command", ["deploy", "destroy"])
def test_a_command_that_is_stopped_says_in_what_state_the_stacks_are(
    run: Callable[..., int], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], command: str
) -> None:
    def stopped(*_: object) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr(command_line.deploying, "deploy", stopped)
    monkeypatch.setattr(command_line.destroying, "destroy", stopped)
    assert run(command, "--yes") == 130
    last = capsys.readouterr().out.splitlines()[-1]
    assert "Stacks: takings-dev-ingest CREATE_COMPLETE." in last
    assert f"`make {command}` goes on from there" in last


def test_a_failure_with_a_name_is_one_line(
    run: Callable[..., int], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    clients = AnsweringClients({"cloudformation:DescribeStacks": "AccessDenied"})
    here: Situation = situation(tmp_path, clients)
    monkeypatch.setattr(command_line, "situation", lambda *_: here)
    assert run("destroy", "--yes") == 2
    assert capsys.readouterr().err.startswith(
        "deploying: CloudFormation denied access to cloudformation:DescribeStacks (eu-central-1)."
    )


def test_cdk_that_is_not_installed_is_an_error_that_says_how(
    run: Callable[..., int], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setattr(cdk_command, "PROGRAM", tmp_path / "nowhere")
    assert run("diff") == 2
    assert "CDK's command line is not installed" in capsys.readouterr().err
