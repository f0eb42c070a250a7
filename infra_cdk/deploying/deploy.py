"""A deployment: the bill, the question, the stacks, and what no stack does."""

from __future__ import annotations

from collections.abc import Callable

from infra_cdk.deploying import bill, cdk_command
from infra_cdk.deploying.finishing import finish
from infra_cdk.deploying.screen import Screen
from infra_cdk.deploying.situation import Situation
from infra_cdk.deploying.stacks import stacks_of


def deploy(situation: Situation, screen: Screen, run: Callable[[list[str]], int] = cdk_command.run) -> int:
    """Deploy; returns the exit code. Run again after a failure, it goes on where it was.

    Raises
    ------
    SourceError
        AWS or the collector did not answer; the stacks that were made stay.
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
        screen.say(f"CDK ended with {code}: see its last lines. {states(situation)} `make deploy` goes on from there.")
        return code
    finish(situation, screen, stacks_of(situation.clients, situation.installation, situation.regions))
    return 0


def states(situation: Situation) -> str:
    """The states of the stacks, asked now."""
    stacks = stacks_of(situation.clients, situation.installation, situation.regions)
    if not stacks:
        return "There is no stack."
    return f"Stacks: {', '.join(f'{stack.name} {stack.status}' for stack in stacks)}."
