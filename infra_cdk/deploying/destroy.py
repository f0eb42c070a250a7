"""The end of an installation: its stacks, and its data only where that was asked for in words."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from catalogue.errors import SettingsError
from console.aws.failures import translate_errors
from infra_cdk.deploying import bill, kept
from infra_cdk.deploying.screen import Screen
from infra_cdk.deploying.situation import Situation
from infra_cdk.deploying.stacks import Stack
from infra_cdk.deploying.teardown import Teardown
from infra_cdk.installation import DATA


def destroy(situation: Situation, screen: Screen, data: str = "", make: Callable[..., Teardown] = Teardown) -> int:
    """Delete the stacks; returns the exit code.

    Parameters
    ----------
    data : the words of `kept.words` to delete all data too; empty to keep them

    Raises
    ------
    SettingsError
        The words are others.
    SourceError
        Something cannot be deleted; the same command goes on from there.
    """
    installation = situation.installation
    if data and data != kept.words(installation):
        raise SettingsError(
            f"{data!r} is not what deletes the data of {installation.prefix}",
            where="DATA",
            remedy=f'Write DATA="{kept.words(installation)}", or leave it out to keep the data.',
        )
    others = [stack for stack in situation.stacks if stack.part != DATA]
    own = [stack for stack in situation.stacks if stack.part == DATA]
    if not _asked(screen, situation, others, with_data=bool(data)):
        screen.say("Nothing was changed.")
        return 1
    teardown = make(situation.clients, installation, screen.progress)
    teardown.delete(others)
    for stack in others:
        screen.say(f"Deleted: stack {stack.name}")
    if data:
        _delete_data(situation, screen, teardown, own)
    _say_what_stays(situation, screen, protected=bool(own) and not data)
    return 0


def _asked(screen: Screen, situation: Situation, others: list[Stack], *, with_data: bool) -> bool:
    name, account = situation.installation.prefix, situation.installation.account
    for stack in others:
        screen.say(f"To be deleted: stack {stack.name} in {stack.region}")
    if with_data:
        screen.say("To be deleted for ever: every event, every table, every key")
    elif not others:
        return True
    return screen.confirm(f"Delete {name} in account {account}{', with all its data' if with_data else ''}?")


def _delete_data(situation: Situation, screen: Screen, teardown: Teardown, stacks: list[Stack]) -> None:
    """Everything that is kept, then the stack that has it. A thing is gone, or the error names it."""
    for item in kept.find_all(situation.clients, situation.installation):
        remark = kept.delete(situation.clients, item, screen.progress)
        screen.say(remark or f"Deleted: {item.title}")
    for stack in stacks:
        client = situation.clients.client("cloudformation", stack.region)
        with translate_errors("CloudFormation", stack.name, action="cloudformation:UpdateTerminationProtection"):
            client.update_termination_protection(StackName=stack.arn, EnableTerminationProtection=False)
    teardown.delete(stacks)
    for stack in stacks:
        screen.say(f"Deleted: stack {stack.name}")


def _say_what_stays(situation: Situation, screen: Screen, *, protected: bool) -> None:
    """By name, with what it costs a month."""
    installation = situation.installation
    found = [*kept.find_all(situation.clients, installation), *kept.find_listed(situation.clients, installation)]
    if not found:
        screen.say(f"Nothing of {installation.prefix} is left.")
        return
    total = sum((item.monthly_usd or Decimal(0) for item in found), Decimal(0))
    screen.say(f"What stays costs {bill.monthly(total)}:")
    for item in found:
        screen.say(f"  {item.title} in {item.region}: {bill.monthly(item.monthly_usd)} ({item.note})")
    if protected:
        screen.say(
            f'`make destroy TIER={installation.tier.name} DATA="{kept.words(installation)}"` deletes it for ever, and'
            " the stack that has it; `make deploy` goes on with it."
        )
