"""`make bootstrap`, `make deploy`, `make diff` and `make destroy` in a new account, from nothing to nothing.

The program and CDK's command line run as they are, against ministack. What is not AWS here:

- CloudFormation makes no types of `emulator/left_out.toml`. Programs see the whole templates all the same.
- `emulator/gaps.py` answers for services that the emulator lacks: quotas, shards, Lake Formation, anomalies, exports.
- CloudFront is `emulator/cloudfront.py`; its function, which names packed bodies, does not run. The web ACL checks
  nothing. `emulator/kinesis_source.py` brings the stream to live.
- Functions run on this machine's processor and Python. Glue jobs end well without having run.
- Nothing is asked of IAM: what the deploying role must be allowed is not proven.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from infra_cdk.deploying import cdk_command
from tests.infra.emulator import account as accounts
from tests.infra.emulator.account import ACCOUNT, PREFIX, REGION, Account, Done

CANARY = "The canary has a write key of its own; it tries the collector every minute from now on."


@pytest.fixture(scope="module")
def account(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Account]:
    with accounts.opened(tmp_path_factory.mktemp("account")) as account:
        yield account


@pytest.fixture(scope="module")
def refused(account: Account) -> Done:
    """A deployment into the account as it was opened."""
    return account.run("deploy", "--yes")


@pytest.fixture(scope="module")
def bootstrapped(account: Account, refused: Done) -> Done:
    return account.run("bootstrap")


@pytest.fixture(scope="module")
def deployed(account: Account, bootstrapped: Done) -> Done:
    done = account.run("deploy", "--yes")
    account.tag_buckets()
    return done


@pytest.fixture(scope="module")
def compared(account: Account, deployed: Done) -> Done:
    return account.run("diff")


@pytest.fixture(scope="module")
def deployed_again(account: Account, compared: Done) -> Done:
    return account.run("deploy", "--yes")


@pytest.fixture(scope="module")
def destroyed(account: Account, deployed_again: Done) -> Done:
    return account.run("destroy", "--yes")


@pytest.fixture(scope="module")
def deployed_on_what_stayed(account: Account, destroyed: Done) -> Done:
    return account.run("deploy", "--yes")


@pytest.fixture(scope="module")
def data_destroyed(account: Account, deployed_on_what_stayed: Done) -> Done:
    return account.run("destroy", "--yes", "--data", f"delete {PREFIX}")


def test_before_cdk_is_set_up_nothing_is_deployed_and_that_is_all_that_is_wrong(refused: Done) -> None:
    assert refused.code == 2
    assert refused.those("✗ ") == ["bootstrap"]
    assert refused.those("bootstrap: CDK has not been set up in ") == [
        f"{REGION} (aws://{ACCOUNT}/{REGION}).",
        f"us-east-1 (aws://{ACCOUNT}/us-east-1).",
    ]


def test_cdk_is_set_up_in_both_regions(bootstrapped: Done) -> None:
    assert bootstrapped.code == 0
    ready = sorted(bootstrapped.those("✅  Environment "))
    assert ready == [f"aws://{ACCOUNT}/{REGION} bootstrapped.", f"aws://{ACCOUNT}/us-east-1 bootstrapped."]


def test_every_stack_is_made_after_those_that_it_needs(account: Account, deployed: Done) -> None:
    assert deployed.code == 0, deployed.lines[-40:]
    assert deployed.those("✗ ") == []
    made = deployed.those(f"✅  {PREFIX}-")
    assert made[0] == "global"
    assert made.index("data") < made.index("ingest") < made.index("edge") < made.index("watching")
    templates = cdk_command.assembly("dev").glob("*.template.json")
    assert {path.name.removesuffix(".template.json") for path in templates} == {*account.front.made}
    assert {*made} - {"global (no changes)"} == {name.removeprefix(f"{PREFIX}-") for name in account.front.made}


def test_the_web_acl_of_the_global_stack_reaches_the_stack_of_the_edge(account: Account, deployed: Done) -> None:
    client = account.client("cloudfront")
    [distribution] = client.list_distributions()["DistributionList"]["Items"]
    [arn] = deployed.those(f"{PREFIX}-global.WebAclArn = ")[:1]
    config = client.get_distribution_config(Id=distribution["Id"])["DistributionConfig"]
    assert config["WebACLId"] == arn
    assert arn.startswith(f"arn:aws:wafv2:us-east-1:{ACCOUNT}:global/webacl/")


def test_a_deployment_ends_with_a_key_an_event_that_was_seen_and_the_addresses(
    account: Account, deployed: Done
) -> None:
    [distribution] = account.client("cloudfront").list_distributions()["DistributionList"]["Items"]
    end = deployed.lines[deployed.lines.index(CANARY) + 1 :]
    assert end[0].startswith("Write key of the source 'first', shown this once and stored nowhere: tk_")
    assert account.keys() == ["canary", "first"]
    assert account.sent() == [end[1].removeprefix("The collector accepted the event ").removesuffix(".")]
    assert end[2].startswith("The live table has it, ")
    assert end[3] == "The first curation runs now; pages have its tables in some minutes."
    assert end[4] == f"Collector: https://{distribution['DomainName']}/v1/events"
    assert end[5].startswith(f"Recommendations: https://{distribution['DomainName']}/v1/recommendations;")
    role = f"arn:aws:iam::{ACCOUNT}:role/{PREFIX}-console-"
    assert end[6].startswith(f"Console: on your own machine, with the role {role}")
    assert f"  TAKINGS_LAKE_BUCKET={PREFIX}-lake-{ACCOUNT}-{REGION}" in end[7:]


def test_a_comparison_after_a_deployment_finds_nothing_also_in_the_stack_with_parameters(compared: Done) -> None:
    assert compared.code == 0
    assert compared.those("There were no differences") == [""] * 11
    assert [line for line in compared.lines if "Could not create a change set" in line] == []


def test_a_second_deployment_changes_nothing_and_leaves_no_key(account: Account, deployed_again: Done) -> None:
    assert deployed_again.code == 0
    made = deployed_again.those(f"✅  {PREFIX}-")
    assert len(made) == 12  # the global stack twice
    assert all(line.endswith(" (no changes)") for line in made), made
    said = "\n".join(deployed_again.lines)
    assert "Write key" not in said
    assert "The first curation" not in said
    assert CANARY not in said
    assert account.keys() == ["canary", "first"]


def test_what_is_destroyed_leaves_the_data_and_says_by_name_what_they_cost(account: Account, destroyed: Done) -> None:
    assert destroyed.code == 0
    [data] = account.stacks()
    assert (data["StackName"], data["EnableTerminationProtection"]) == (f"{PREFIX}-data", True)
    assert len(destroyed.those("Deleted: stack ")) == 10
    [total] = destroyed.those("What stays costs ")
    assert total == "$12.35 a month:"  # a shard 10.95, a key 1.00, a secret 0.40
    stays = [line.split()[0] for line in destroyed.those("  ")]
    assert stays == ["stream", "database", "table", "table", "table", "bucket", "bucket", "bucket", "secret", "key"]


def test_a_deployment_goes_on_with_what_stayed(account: Account, deployed_on_what_stayed: Done) -> None:
    assert deployed_on_what_stayed.code == 0, deployed_on_what_stayed.lines[-40:]
    made = deployed_on_what_stayed.those(f"✅  {PREFIX}-")
    assert {line for line in made if line.endswith(" (no changes)")} == {"data (no changes)", "global (no changes)"}
    assert deployed_on_what_stayed.those("Write key") == []
    assert CANARY in deployed_on_what_stayed.lines
    assert account.keys() == ["canary", "first"]
    assert len(account.sent()) == 3


def test_with_the_words_nothing_is_left(account: Account, data_destroyed: Done) -> None:
    assert data_destroyed.code == 0
    assert data_destroyed.lines[-1] == f"Nothing of {PREFIX} is left."
    assert account.stacks() == []


def test_nobody_else_was_asked(account: Account, data_destroyed: Done) -> None:
    assert account.edge.refused == []
    assert account.given_up == []
