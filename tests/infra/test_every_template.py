"""What holds for every template: names that do not clash, code that is there, logs that end, failures that are kept."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from infra_cdk import installation
from infra_cdk.bill.template_set import Properties
from infra_cdk.configuration import DEPLOYMENT
from infra_cdk.packages.table import PACKAGES, PYTHON
from tests.infra.templates import TIERS, Templates, with_everything

FUNCTION, LOG_GROUP, QUEUE = "AWS::Lambda::Function", "AWS::Logs::LogGroup", "AWS::SQS::Queue"
NAMING = re.compile(r".*(Name|Id|Domain|Family|Prefix)")
WITHIN_ANOTHER = {  # unique within a resource that has a name of its own, or the name of something else
    "AWS::ApiGatewayV2::Stage": ("StageName",),
    "AWS::CloudWatch::Alarm": ("MetricName",),
    "AWS::CodeDeploy::DeploymentGroup": ("DeploymentConfigName",),
    "AWS::Config::DeliveryChannel": ("S3KeyPrefix",),
    "AWS::Glue::Crawler": ("TablePrefix",),
    "AWS::Glue::Database": ("CatalogId",),
    "AWS::IAM::Policy": ("PolicyName",),
    "AWS::Lambda::Alias": ("Name",),
    "AWS::Logs::LogStream": ("LogStreamName",),
    "AWS::RedshiftServerless::Namespace": ("DbName",),
    "AWS::SNS::Topic": ("DisplayName",),
    "Custom::ClassificationJob": ("Prefix",),
}
WITHOUT_FAILURES = {"pipeline.handlers.canary": "It asks again soon, and its silence raises an alarm"}


def names(templates: Templates) -> set[tuple[str, str]]:
    """Types and names that must be free in an account and region; those of exports and stacks, too."""
    found = set()
    for template in templates.by_part.values():
        found |= {
            ("export", output["Export"]["Name"])
            for output in template.get("Outputs", {}).values()
            if "Export" in output
        }
        for resource in template["Resources"].values():
            kind, properties = resource["Type"], resource.get("Properties", {})
            properties = properties.get("Export", properties) if kind == "AWS::BCMDataExports::Export" else properties
            found |= {
                (kind, value)
                for name, value in properties.items()
                if NAMING.fullmatch(name) and isinstance(value, str) and name not in WITHIN_ANOTHER.get(kind, ())
            }
    return found


def test_two_tiers_and_two_installations_live_in_one_account_and_region(
    all_templates: dict[str, Templates], another_shop: Templates
) -> None:
    dev, startup, scale = (names(all_templates[tier]) for tier in TIERS)
    assert dev & startup == startup & scale == dev & scale == set()
    assert scale & names(another_shop) == set()
    assert len({kind for kind, _ in scale}) > 20


def test_a_stack_is_made_or_the_installation_knows_that_it_is_left_out(
    all_templates: dict[str, Templates], everything: Templates, tmp_path: Path
) -> None:
    for templates, path in ((all_templates["dev"], DEPLOYMENT), (all_templates["scale"], DEPLOYMENT),
                            (everything, with_everything(tmp_path))):  # fmt: skip
        left_out = installation.load(templates.tier, path).left_out
        assert left_out & set(templates.by_part) == set()
        assert {"balancer", "edge", "global", "network"} <= left_out | set(templates.by_part)


def ours(templates: Templates) -> Iterator[tuple[str, str, Properties]]:
    """Part, logical id and properties of our functions."""
    for name, properties in templates.resources(FUNCTION).items():
        part, _, logical = name.partition("/")
        yield part, logical, properties


def shipped(templates: Templates, part: str, function: Properties) -> Path:
    """The folder that is uploaded for a function."""
    (assets,) = templates.folder.glob(f"*-{templates.tier}-{part}.assets.json")
    files = json.loads(assets.read_text(encoding="utf-8"))["files"]
    source = files[function["Code"]["S3Key"].removesuffix(".zip")]["source"]
    return templates.folder / source["path"]


def test_a_handler_is_in_the_code_that_is_shipped_which_is_built_for_its_machine(everything: Templates) -> None:
    handlers = {handler for package in PACKAGES.values() for handler in package.handlers}
    for part, logical, function in ours(everything):
        module, _, called = function["Handler"].rpartition(".")
        folder = shipped(everything, part, function)
        file = folder.joinpath(*module.split(".")).with_suffix(".py")
        assert re.search(rf"^def {called}\(", file.read_text(encoding="utf-8"), re.MULTILINE), logical
        assert module in handlers or module.startswith("custom."), logical
        assert (function["Runtime"], function["Architectures"]) == (f"python{PYTHON}", ["arm64"])
        compiled = [path.name for path in folder.rglob("*.cpython-*.so")]
        tag = f".cpython-{PYTHON.replace('.', '')}-aarch64-linux-gnu.so"
        assert [name for name in compiled if not name.endswith(tag)] == []


def test_every_log_group_forgets_and_goes_with_its_stack(everything: Templates) -> None:
    for template in everything.by_part.values():
        for logical, resource in template["Resources"].items():
            if resource["Type"] == LOG_GROUP:
                assert resource["Properties"]["RetentionInDays"] <= 90, logical
                assert resource["DeletionPolicy"] == "Delete", logical


def text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def test_whatever_logs_has_a_log_group_of_ours(everything: Templates) -> None:
    groups = {name.partition("/")[2]: group["LogGroupName"] for name, group in everything.resources(LOG_GROUP).items()}
    for _, logical, function in ours(everything):
        assert function["LoggingConfig"]["LogGroup"]["Ref"] in groups, logical
    for job in everything.resources("AWS::Glue::Job").values():
        prefix = job["DefaultArguments"]["--custom-logGroup-prefix"]
        assert {f"{prefix}/error", f"{prefix}/output"} <= set(groups.values())
    for namespace in everything.resources("AWS::RedshiftServerless::Namespace").values():
        exported = {f"/aws/redshift/{namespace['NamespaceName']}/{kind}" for kind in namespace["LogExports"]}
        assert exported <= set(groups.values())
    logging = [
        *(
            machine["LoggingConfiguration"]
            for machine in everything.resources("AWS::StepFunctions::StateMachine").values()
        ),
        *(stage["AccessLogSettings"] for stage in everything.resources("AWS::ApiGatewayV2::Stage").values()),
        *(
            stream["ExtendedS3DestinationConfiguration"]["CloudWatchLoggingOptions"]
            for stream in everything.resources("AWS::KinesisFirehose::DeliveryStream").values()
        ),
        *(
            container["LogConfiguration"]["Options"]
            for task in everything.resources("AWS::ECS::TaskDefinition").values()
            for container in task["ContainerDefinitions"]
        ),
        *everything.resources("AWS::EC2::FlowLog").values(),
    ]
    for settings in logging:
        assert any(f'"{logical}"' in text(settings) or name in text(settings) for logical, name in groups.items()), (
            settings
        )
    assert len(logging) >= 4


def called_without_an_answer(templates: Templates) -> set[str]:
    """The logical ids of functions that schedules and rules call."""
    targets = [schedule["Target"]["Arn"] for schedule in templates.resources("AWS::Scheduler::Schedule").values()]
    targets += [
        target["Arn"] for rule in templates.resources("AWS::Events::Rule").values() for target in rule["Targets"]
    ]
    functions = {logical for _, logical, _ in ours(templates)}
    return {target["Fn::GetAtt"][0] for target in targets if "Fn::GetAtt" in target} & functions


def test_a_call_that_failed_without_its_caller_hearing_of_it_is_kept(templates: Templates) -> None:
    queues = {name.partition("/")[2] for name in templates.resources(QUEUE)}
    kept = {}
    for config in templates.resources("AWS::Lambda::EventInvokeConfig").values():
        destination = config["DestinationConfig"]["OnFailure"]["Destination"]
        assert destination["Fn::GetAtt"][0] in queues
        kept[config["FunctionName"]["Ref"]] = destination
    handlers = {logical: function["Handler"].removesuffix(".handler") for _, logical, function in ours(templates)}
    called = {logical for logical in called_without_an_answer(templates) if handlers[logical] not in WITHOUT_FAILURES}
    assert called == set(kept)
    assert len(called) >= 2


def test_a_start_or_a_notice_that_is_not_delivered_is_kept(templates: Templates) -> None:
    for name, schedule in templates.resources("AWS::Scheduler::Schedule").items():
        assert schedule["Target"]["DeadLetterConfig"]["Arn"], name
    for name, rule in templates.resources("AWS::Events::Rule").items():
        for target in rule["Targets"]:
            assert target["DeadLetterConfig"]["Arn"], name


def test_records_that_a_stream_gave_up_are_kept(templates: Templates) -> None:
    for name, mapping in templates.resources("AWS::Lambda::EventSourceMapping").items():
        assert mapping["DestinationConfig"]["OnFailure"]["Destination"], name
        assert mapping["MaximumRetryAttempts"] >= 0, name
        assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"], name
