"""What CDK's own command line says is read as it is meant."""

from __future__ import annotations

import json
from pathlib import Path

from infra_cdk.deploying import cdk_command, diff
from tests.infra.templates import Templates


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
