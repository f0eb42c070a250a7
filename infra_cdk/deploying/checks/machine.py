"""What is wrong here, before AWS is asked: values nobody filled in, and no builder of images."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator

from infra_cdk.deploying.checks.check import Mistake
from infra_cdk.deploying.situation import Situation

PLACEHOLDER_ACCOUNT = "123456789012"
PLACEHOLDER_DOMAINS = ("example.com", "example.org", "example.net", ".example")  # RFC 2606: nobody's
ANSWER_SECONDS = 20


def placeholders(situation: Situation) -> Iterator[Mistake]:
    """Values of the file that came with it."""
    given = situation.configuration
    if given.installation.account == PLACEHOLDER_ACCOUNT:
        yield (
            f"Account {PLACEHOLDER_ACCOUNT} is a placeholder",
            situation.line("installation", "account"),
            "Write yours; `aws sts get-caller-identity` shows it.",
        )
    for name, addresses in (("operators", given.people.operators), ("finance", given.people.finance)):
        for address in addresses:
            if address.endswith(PLACEHOLDER_DOMAINS):
                yield (
                    f"{address} is a placeholder: nobody would read what is sent there",
                    situation.line("people", name),
                    "Write an address that is read.",
                )
    if given.domain is not None and given.domain.name.endswith(PLACEHOLDER_DOMAINS):
        yield (
            f"Domain {given.domain.name} is a placeholder",
            situation.line("domain", "name"),
            "Write a domain of yours, or remove [domain].",
        )


def image_builder(_situation: Situation) -> Iterator[Mistake]:
    """The console's image is built here, or by the builder that the program is pointed at."""
    program = os.environ.get("CDK_DOCKER", "docker")
    remedy = (
        "Start Docker here, point DOCKER_HOST to a builder elsewhere, or name another program that takes Docker's"
        " arguments in CDK_DOCKER, such as finch."
    )
    found = shutil.which(program)
    if found is None:
        yield f"{program} is not there, and the console's image must be built", program, remedy
        return
    try:
        asked = subprocess.run(  # noqa: S603
            [found, "info"], capture_output=True, text=True, timeout=ANSWER_SECONDS, check=False
        )
        reason = "" if asked.returncode == 0 else (asked.stderr.strip().splitlines() or ["no reason given"])[-1]
    except (OSError, subprocess.TimeoutExpired) as error:
        reason = str(error)
    if reason:
        yield f"{program} cannot build the console's image: {reason.rstrip('.')}", found, remedy
