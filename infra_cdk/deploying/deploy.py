"""A deployment: the bill, the question, the stacks, and what no stack does."""

from __future__ import annotations

from collections.abc import Callable

from infra_cdk.deploying import bill, cdk_command
from infra_cdk.deploying.finishing import finish
from infra_cdk.deploying.screen import Screen
from infra_cdk.deploying.situation import Situation
from infra_cdk.deploying.stacks import stacks_of
from infra_cdk.installation import CERTIFICATE, EDGE, GLOBAL, WEB_ACL


def deploy(situation: Situation, screen: Screen, run: Callable[[list[str]], int] = cdk_command.run) -> int:
    """Deploy; returns the exit code. Run again after a failure, it goes on where it was.

    Raises
    ------
    SourceError
        AWS or the collector did not answer; the stacks that were made stay.
    """
    name = situation.installation.prefix
    for line in bill.lines(situation.installation):
        screen.say(line)
    if not screen.confirm(f"Deploy {name} to account {situation.installation.account}?"):
        screen.say("Nothing was changed.")
        return 1
    code = _run_all(situation, run)
    if code:
        screen.say(f"CDK ended with {code}: see its last lines. {states(situation)} `make deploy` goes on from there.")
        return code
    finish(situation, screen, stacks_of(situation.clients, situation.installation, situation.regions))
    return 0


def _run_all(situation: Situation, run: Callable[[list[str]], int]) -> int:
    """Deploy every stack: first the global one, where there is one, whose outputs another region's stack is given."""
    installation = situation.installation
    name, tier = installation.prefix, installation.tier.name
    options = [
        "--require-approval", "never",  # the question was asked
        "--progress", "events",
        "--outputs-file", str(cdk_command.assembly(tier).with_name(f"{name}.outputs.json")),
    ]  # fmt: skip
    given: list[str] = []
    made = ""
    if not installation.is_balanced:
        alone = (installation.name(GLOBAL), "--exclusively")
        if code := run(cdk_command.command("deploy", tier, situation.path, *alone, *options)):
            return code
        given = from_global(situation)
        made = str(cdk_command.assembly(tier))  # all templates: making them takes as long as most stacks do
    options += ["--concurrency", str(cdk_command.STACKS_AT_ONCE)]
    return run(cdk_command.command("deploy", tier, situation.path, "--all", *options, *given, application=made))


def from_global(situation: Situation) -> list[str]:
    """The outputs of the global stack, as parameters of the one that takes them; none, where it is not there."""
    edge = situation.installation.name(EDGE)
    stacks = stacks_of(situation.clients, situation.installation, situation.regions)
    outputs = next((stack.outputs for stack in stacks if stack.part == GLOBAL), {})
    return [
        word
        for name in (WEB_ACL, CERTIFICATE)
        if name in outputs
        for word in ("--parameters", f"{edge}:{name}={outputs[name]}")
    ]


def states(situation: Situation) -> str:
    """The states of the stacks, asked now."""
    stacks = stacks_of(situation.clients, situation.installation, situation.regions)
    if not stacks:
        return "There is no stack."
    return f"Stacks: {', '.join(f'{stack.name} {stack.status}' for stack in stacks)}."
