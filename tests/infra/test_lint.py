"""cfn-lint finds nothing in any template, besides what is listed here with a reason."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from cfnlint.api import lint

from tests.infra.templates import Templates

IN_GLOBAL_REGION = ("global", "finops", "spend-export")
ACCEPTED: Mapping[tuple[str, str], str] = {
    ("W3005", r".*"): "Who waits for a role waits for its policy, too: CDK lists both, though a role is referred to",
    ("W3010", r"network/Vpc.*Subnet\d.*"): "The deployment file names the zones",
}
"""Why a finding is accepted, by rule and by ``part/logical id``."""


def findings(part: str, template: Path) -> Iterator[tuple[str, str, str]]:
    """Rule, ``part/logical id`` and words of what cfn-lint finds in the region of the template."""
    region = "us-east-1" if part in IN_GLOBAL_REGION else "eu-central-1"
    for found in lint(template.read_text(encoding="utf-8"), regions=[region]):
        place = [str(step) for step in found.path or ()]
        yield found.rule.id, "/".join([part, *place[1:2]]), f"{'.'.join(place[2:])}: {found.message}"


def is_accepted(rule: str, place: str) -> bool:
    return any(rule == accepted and re.fullmatch(pattern, place) for accepted, pattern in ACCEPTED)


def test_cfn_lint_finds_nothing_that_is_not_explained(
    all_templates: dict[str, Templates], everything: Templates, without_own_services: Templates
) -> None:
    seen: set[str] = set()
    wrong = []
    for templates in (*all_templates.values(), everything, without_own_services):
        for part in templates.by_part:
            (file,) = templates.folder.glob(f"*-{templates.tier}-{part}.template.json")
            text = file.read_text(encoding="utf-8")
            if text not in seen:
                seen.add(text)
                wrong += [f"{templates.tier}: {found}" for found in findings(part, file) if not is_accepted(*found[:2])]
    assert wrong == []
    assert len(seen) > len(everything.by_part)


def test_a_template_that_is_wrong_is_found(tmp_path: Path) -> None:
    file = tmp_path / "data.template.json"
    file.write_text('{"Resources": {"Lake": {"Type": "AWS::S3::Bucket", "Properties": {"BucketNam": "x"}}}}')
    assert [found[:2] for found in findings("data", file)] == [("E3002", "data/Lake")]
