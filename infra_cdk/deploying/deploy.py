"""A deployment: preflight, the bill, the question, the stacks, then a write key and one event from end to end."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from catalogue.errors import QueryFailed, SourceError
from console.aws.failures import error_code, translate_errors
from infra_cdk.deploying import bill, canary_key, cdk_command, first_event, write_keys
from infra_cdk.deploying.kept import Progress
from infra_cdk.deploying.situation import Situation
from infra_cdk.deploying.stacks import Stack, stacks_of
from pipeline.live.dynamodb import DynamoDbLiveStore

SOURCE, CHECK_SOURCE = "first", "deployment-check"  # who sends with the first key, and with one that is for the check
CURATION = "curate"  # last word of the name of Glue's job
COLLECTOR_ADDRESS, CONSOLE_ADDRESS, CONSOLE_ENVIRONMENT = "CollectorAddress", "ConsoleAddress", "ConsoleEnvironment"
"""Outputs of stacks."""


@dataclass(frozen=True)
class Screen:
    """How a command speaks: a line that stays, a line of progress, and a question that is answered with yes or no."""

    say: Callable[[str], None]
    progress: Progress
    confirm: Callable[[str], bool]


def deploy(situation: Situation, screen: Screen, run: Callable[[list[str]], int] = cdk_command.run) -> int:
    """Deploy, after the preflight found nothing; returns the exit code. Run again, it goes on where it was.

    Raises
    ------
    SourceError
        AWS or the collector did not answer; the stacks that were made stay, and the same command goes on.
    """
    name, tier = situation.installation.prefix, situation.installation.tier.name
    for line in bill.lines(situation.installation):
        screen.say(line)
    if not screen.confirm(f"Deploy {name} to account {situation.installation.account}?"):
        screen.say("Nothing was changed.")
        return 1
    outputs = cdk_command.assembly(tier).with_name(f"{name}.outputs.json")
    code = run(
        cdk_command.command(
            "deploy", tier, situation.path,
            "--all",
            "--require-approval", "never",  # the question was asked
            "--progress", "events",
            "--concurrency", str(cdk_command.STACKS_AT_ONCE),
            "--outputs-file", str(outputs),
        )
    )  # fmt: skip
    if code:
        screen.say(
            f"CDK ended with {code}: see its last lines. {standing(situation)} `make deploy` goes on from there."
        )
        return code
    _finish(situation, screen)
    return 0


def standing(situation: Situation) -> str:
    """In what state the stacks are, asked now."""
    stacks = stacks_of(situation.clients, situation.installation, situation.regions)
    if not stacks:
        return "There is no stack."
    return f"Stacks: {', '.join(f'{stack.name} {stack.status}' for stack in stacks)}."


def _finish(situation: Situation, screen: Screen) -> None:
    """What no stack does: the first key, the first curation, the first event; and where everything is."""
    stacks = stacks_of(situation.clients, situation.installation, situation.regions)
    address = _output(stacks, COLLECTOR_ADDRESS)
    if address is None:
        raise SourceError(
            f"No stack has the output {COLLECTOR_ADDRESS}", where=situation.installation.prefix, remedy="Deploy again."
        )
    with _sending_key(situation, screen) as key:
        event = first_event.made()
        first_event.send(address, key, event, screen.progress)
        screen.say(f"The collector accepted the event {event.event_id}.")
        seconds = first_event.see(lambda customer: _is_in_live(situation, customer), event, screen.progress)
        screen.say(f"The live table has it, {seconds:.0f} seconds later.")
    if canary_key.give(situation.clients, situation.installation):
        screen.say("The canary has a write key of its own; it tries the collector every minute from now on.")
    _first_curation(situation, screen)
    screen.say(f"Collector: {address}{first_event.PATH}")
    console = _output(stacks, CONSOLE_ADDRESS)
    if console is not None:
        screen.say(f"Console: {console}")
        return
    screen.say("Console: on your own machine, with `takings serve` and this environment:")
    for line in (_output(stacks, CONSOLE_ENVIRONMENT) or _environment(situation)).split("\n"):
        screen.say(f"  {line}")


@contextmanager
def _sending_key(situation: Situation, screen: Screen) -> Iterator[str]:
    """A key to send with: the installation's first one, which stays; later on one that ends with the check."""
    with write_keys.opened(situation.clients, situation.installation) as keys:
        is_first = not keys.all()
        key, secret = keys.create(SOURCE if is_first else CHECK_SOURCE)
    if is_first:
        screen.say(f"Write key of source {SOURCE!r}, shown this once and stored nowhere: {secret}")
    try:
        yield secret
    finally:
        if not is_first:
            with write_keys.opened(situation.clients, situation.installation) as keys:
                keys.revoke(key.id)


def _is_in_live(situation: Situation, customer: str) -> bool:
    """Whether the live table knows a customer, read as the console and the recommender read it."""
    client = situation.clients.client("dynamodb")
    table, currency = situation.installation.name("live"), situation.configuration.lake.reporting_currency
    return bool(DynamoDbLiveStore(client, table, currency).recent_items(customer))


def _first_curation(situation: Situation, screen: Screen) -> None:
    """Start curation if it never ran: its tables are there after the first run, whatever the schedule says."""
    glue, job = situation.clients.client("glue"), situation.installation.name(CURATION)
    try:
        with translate_errors("Glue", job, action="glue:GetJobRuns"):
            runs = glue.get_job_runs(JobName=job, MaxResults=1)["JobRuns"]
    except QueryFailed as error:
        if error_code(error) == "EntityNotFoundException":
            return
        raise
    if not runs:
        with translate_errors("Glue", job, action="glue:StartJobRun"):
            glue.start_job_run(JobName=job)
        screen.say(f"The first curation runs now (job {job}); pages have its tables in some minutes.")


def _output(stacks: list[Stack], name: str) -> str | None:
    return next((stack.outputs[name] for stack in stacks if name in stack.outputs), None)


def _environment(situation: Situation) -> str:
    """What a console on this machine needs, by the names that `console.aws.settings` reads."""
    installation, lake = situation.installation, situation.configuration.lake
    values = {
        "TAKINGS_PROFILE": "aws",
        "AWS_REGION": installation.region,
        "TAKINGS_LAKE_BUCKET": installation.bucket("lake"),
        "TAKINGS_DATABASE": installation.database,
        "TAKINGS_ATHENA_WORKGROUP": installation.prefix,
        "TAKINGS_ATHENA_RESULTS": f"s3://{installation.bucket('results')}/athena/",
        "TAKINGS_LIVE_TABLE": installation.name("live"),
        "TAKINGS_DECISIONS_TABLE": installation.name("decisions"),
        "TAKINGS_REPORTING_CURRENCY": lake.reporting_currency,
        "TAKINGS_REPORTING_TIME_ZONE": lake.reporting_time_zone,
    }
    return "\n".join(f"export {name}={value}" for name, value in values.items())
