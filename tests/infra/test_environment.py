"""The variables and arguments of everything that runs are those that its code reads, and can be read by it."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from typing import Any

import pipeline.handlers.environment as handlers
import pipeline.warehouse.settings as warehouse
from console import settings as console
from console.handlers import environment as console_handlers
from pipeline.handlers import canary, tracing
from pipeline.jobs import arguments
from pipeline.lake import LakeSettings
from pipeline.streams import scaling
from tests.infra.templates import Templates

OF_POWERTOOLS = {"POWERTOOLS_SERVICE_NAME", "POWERTOOLS_LOG_LEVEL"}
NAMES = {
    "_ROLE": "arn:aws:iam::123456789012:role/takings-copy",
    "_ARN": "arn:aws:secretsmanager:eu-central-1:123456789012:secret:takings-AbCdEf",
    "_SECRET": "arn:aws:secretsmanager:eu-central-1:123456789012:secret:takings-AbCdEf",
    "_ADDRESS": "https://d111111abcdef8.cloudfront.net",
}
"""What CloudFormation would write where a template has a reference, by the end of the variable's name."""


class Recorded(Mapping[str, str]):
    """Variables that remember which of them were read."""

    def __init__(self, values: Mapping[str, str]) -> None:
        self.values_given = values
        self.read: set[str] = set()

    def __getitem__(self, name: str) -> str:
        self.read.add(name)
        return self.values_given[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.values_given)

    def __len__(self) -> int:
        return len(self.values_given)


def _canary(values: Mapping[str, str]) -> list[str]:
    """The canary reads each variable where it uses it."""
    return [values[name] for name in re.findall(r'setting\("(\w+)"\)', inspect.getsource(canary))]


READERS: Mapping[str, Callable[[Mapping[str, str]], Any]] = {
    "pipeline.handlers.collector": handlers.read,
    "pipeline.handlers.live": handlers.read,
    "pipeline.handlers.canary": _canary,
    "pipeline.handlers.recommendations": handlers.read_recommendations,
    "pipeline.handlers.shards": scaling.limits_of,
    "pipeline.handlers.warehouse": warehouse.read,
    "console.handlers.cost_snapshot": console_handlers.read,
    "console.handlers.own_calls": console_handlers.read,
}
"""What reads the environment of a handler."""


def literal(name: str, value: Any) -> str:
    """A variable as the function sees it."""
    if isinstance(value, str):
        return value
    return next((text for ending, text in NAMES.items() if name.endswith(ending)), "takings-thing")


def functions(templates: Templates) -> dict[str, dict[str, str]]:
    """The variables of each handler of ours, by its module."""
    found = {}
    for properties in templates.resources("AWS::Lambda::Function").values():
        module = properties["Handler"].removesuffix(".handler")
        if module in READERS:
            given = properties["Environment"]["Variables"]
            found[module] = {name: literal(name, value) for name, value in given.items()}
    return found


def job_arguments(templates: Templates) -> dict[str, arguments.Arguments]:
    """The arguments of the Glue jobs as they read them, by the last words of their names."""
    found = {}
    for job in templates.resources("AWS::Glue::Job").values():
        name = job["Name"].rpartition("-")[2]
        given = [part for key, value in job["DefaultArguments"].items() for part in (key, literal(key, value))]
        found[name] = arguments.read(name, given)
    return found


def console_variables(templates: Templates) -> dict[str, str]:
    """The output of the stack `console`, for a console on one's own machine."""
    lines = templates.by_part["console"]["Outputs"]["ConsoleEnvironment"]["Value"].splitlines()
    return dict(line.split("=", 1) for line in lines)


def containers(templates: Templates) -> list[dict[str, str]]:
    """The variables of the hosted console."""
    tasks: list[dict[str, Any]] = list(templates.resources("AWS::ECS::TaskDefinition").values())
    return [
        {pair["Name"]: pair["Value"] for pair in container["Environment"]}
        for task in tasks
        for container in task["ContainerDefinitions"]
    ]


def test_a_function_gets_the_variables_that_its_handler_reads_and_no_others(templates: Templates) -> None:
    for module, given in functions(templates).items():
        values = Recorded(given)
        READERS[module](values)
        tracing.share_of(values)
        assert set(given) - values.read - OF_POWERTOOLS == set(), module
        assert OF_POWERTOOLS | {tracing.SHARE} <= set(given), module


def test_every_handler_has_a_reader_here(templates: Templates) -> None:
    ours = {
        properties["Handler"].removesuffix(".handler")
        for properties in templates.resources("AWS::Lambda::Function").values()
        if properties["Handler"].startswith(("pipeline.", "console."))
    }
    assert ours <= set(READERS)
    assert len(ours) >= 5


def test_the_console_reads_its_environment_and_nothing_else_is_in_it(
    all_templates: dict[str, Templates], everything: Templates
) -> None:
    given = [*map(console_variables, [*all_templates.values(), everything]), *containers(everything)]
    assert len(given) == 5
    for variables in given:
        values = Recorded(variables)
        found = console.read(values)
        assert found.aws is not None
        fields = {console_name(field) for field in found.aws.__struct_fields__}
        assert set(variables) - values.read - fields == set()
    assert console.read(given[-1]).viewer_header == "x-amzn-oidc-identity"


def console_name(field: str) -> str:
    return "AWS_REGION" if field == "region" else f"TAKINGS_{field.upper()}"


def test_settings_of_the_lake_are_the_same_wherever_they_are_read(another_shop: Templates) -> None:
    settings = LakeSettings(
        reporting_time_zone="Europe/Berlin",
        reporting_currency="EUR",
        retention_days=500,
        confirm_public_orders=True,
        fractional_quantities=True,
    )
    variables = functions(another_shop)
    collector = handlers.read(variables["pipeline.handlers.collector"])
    live = handlers.read(variables["pipeline.handlers.live"])
    shown = console.read(console_variables(another_shop)).aws
    assert shown is not None
    assert collector.reporting_currency == live.reporting_currency == shown.reporting_currency == "EUR"
    assert (collector.retention_days, collector.fractional_quantities) == (500, True)
    assert collector.origins == ("https://stores.example",)
    assert live.confirm_public_orders
    assert collector.largest_amount == live.largest_amount == settings.largest_amount == Decimal(1_000_000_000)
    assert shown.reporting_time_zone == "Europe/Berlin"
    for job in job_arguments(another_shop).values():
        read = (job.settings.reporting_time_zone, job.settings.reporting_currency, job.settings.confirm_public_orders)
        assert read == ("Europe/Berlin", "EUR", True)


def test_what_one_part_writes_another_reads(templates: Templates) -> None:
    variables = functions(templates)
    shown = console.read(console_variables(templates)).aws
    jobs = job_arguments(templates)
    assert shown is not None
    assert variables["console.handlers.cost_snapshot"]["TAKINGS_LAKE_BUCKET"] == shown.lake_bucket
    assert {job.lake for job in jobs.values()} == {f"s3://{shown.lake_bucket}"}
    assert {job.namespace for job in jobs.values()} == {f"glue_catalog.{shown.database}"}
    assert jobs["erase"].live_table or not jobs["curate"].live_table
    tables = {table["TableName"] for table in templates.resources("AWS::DynamoDB::Table").values()}
    assert {shown.live_table, shown.decisions_table} <= tables
    groups = {group["Name"] for group in templates.resources("AWS::Athena::WorkGroup").values()}
    assert shown.athena_workgroup in groups
    assert {job.warehouse for job in jobs.values()} == {shown.redshift_workgroup is not None}
    if shown.redshift_workgroup is not None:
        load = warehouse.read(variables["pipeline.handlers.warehouse"])
        assert (load.workgroup, load.database) == (shown.redshift_workgroup, shown.redshift_database)
