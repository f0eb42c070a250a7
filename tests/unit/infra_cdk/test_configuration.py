"""A deployment file that AWS would refuse is refused first, with the line of the setting."""

from __future__ import annotations

from pathlib import Path

import pytest

from catalogue.errors import SettingsError
from infra_cdk.configuration import load
from tests.support.deployments import ACCOUNT, DOMAIN, deployment_file


def refusal(folder: Path, more: str = "", **changes: str) -> str:
    """What is said of a file with these changes, with the line that is named."""
    path = deployment_file(folder, more, **changes)
    with pytest.raises(SettingsError) as refused:
        load(path)
    return str(refused.value)


def line_of(folder: Path, setting: str, value: str) -> str:
    """``deployment-….toml:12``: the line of a changed setting."""
    path = deployment_file(folder, **{setting: value})
    lines = path.read_text(encoding="utf-8").split("\n")
    return f"{path}:{1 + lines.index(f'{setting} = {value}')}"


def test_the_shipped_file_is_read(tmp_path: Path) -> None:
    found = load(deployment_file(tmp_path, DOMAIN))
    assert (found.installation.account, found.installation.region) == (ACCOUNT, "eu-central-1")
    assert found.domain is not None
    assert found.domain.name == "shop.test"


@pytest.mark.parametrize(
    ("setting", "value", "what"),
    [
        ("name", '"internal"', "'internal' begins as AWS's own names do"),
        ("name", '"xn--a"', "'xn--a' begins as AWS's own names do"),
        ("zones", '["eu-central-1a", "eu-central-1b", "eu-west-1c"]', "'eu-west-1c' is no zone of eu-central-1"),
        ("zones", '["eu-central-1a", "eu-central-1b", "eu-central-1b"]', "A zone is named twice"),
        ("cidr", '"10.71.0.0/21"', "'10.71.0.0/21' is no network of 4,096 to 65,536 addresses"),
        ("cidr", '"10.0.0.0/8"', "'10.0.0.0/8' is no network of 4,096 to 65,536 addresses"),
        ("cidr", '"10.71.0.1/16"', "'10.71.0.1/16' is no network"),
        ("origins", '["https://shop.test/cart"]', "'https://shop.test/cart' is no origin of a page"),
        ("reporting_time_zone", '"Europe/Berlim"', "Time zone 'Europe/Berlim' is unknown"),
        ("quicksight", "true", "Nobody is named who gets the dashboard"),
    ],
)
def test_what_aws_would_refuse_is_named_with_its_line(tmp_path: Path, setting: str, value: str, what: str) -> None:
    said = refusal(tmp_path, **{setting: value})
    assert what in said
    assert line_of(tmp_path, setting, value) in said


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("name", '"takings-of-a-shop"'),  # 17 characters: a bucket's name would have more than 63
        ("name", '"Takings"'),
        ("account", '"12345678901"'),
        ("region", '"frankfurt"'),
        ("zones", '["eu-central-1a", "eu-central-1b"]'),
        ("reporting_currency", '"euro"'),
        ("operators", '["operators"]'),
        ("finance", str([f"f{number}@shop.test" for number in range(11)]).replace("'", '"')),
        ("guardduty", '"yes"'),
    ],
)
def test_a_value_of_another_form_is_refused_with_its_line(tmp_path: Path, setting: str, value: str) -> None:
    assert line_of(tmp_path, setting, value) in refusal(tmp_path, **{setting: value})


def test_only_a_sign_in_keeps_a_name_from_containing_one_of_amazons(tmp_path: Path) -> None:
    assert load(deployment_file(tmp_path, name='"my-aws-shop"')).installation.name == "my-aws-shop"
    assert "'my-aws-shop' contains 'aws'" in refusal(tmp_path, DOMAIN, name='"my-aws-shop"')


def test_who_gets_the_dashboard_is_read(tmp_path: Path) -> None:
    principal = "arn:aws:quicksight:eu-central-1:111122223333:group/default/executives"
    more = f'[quicksight]\nprincipal_arn = "{principal}"\n'
    quicksight = load(deployment_file(tmp_path, more, quicksight="true")).quicksight
    assert quicksight is not None
    assert quicksight.principal_arn == principal


@pytest.mark.parametrize("section", ["[quicksight]", "[domain]", "[domains]"])
def test_a_setting_that_there_is_not_is_refused(tmp_path: Path, section: str) -> None:
    assert "There is no setting" in refusal(tmp_path, f"{section}\ncolour = 1\n")
