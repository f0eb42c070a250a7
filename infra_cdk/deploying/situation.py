"""Where a command works: the installation, its file, and AWS clients of its account."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from console.aws.clients import connect
from console.finops.toml_files import read_toml
from infra_cdk import installation
from infra_cdk.configuration import Configuration
from infra_cdk.deploying.clients import Clients
from infra_cdk.deploying.stacks import Stack, stacks_of
from infra_cdk.installation import GLOBAL_REGION, Installation


@dataclass(frozen=True)
class Situation:
    """What every check and every command is given.

    Attributes
    ----------
    path : the configuration's file
    """

    installation: Installation
    path: Path
    clients: Clients

    @property
    def configuration(self) -> Configuration:
        """What the file says."""
        return self.installation.configuration

    @property
    def regions(self) -> tuple[str, ...]:
        """Where its stacks are: the installation's region, and the one of what is global."""
        return tuple(dict.fromkeys((self.installation.region, GLOBAL_REGION)))

    @cached_property
    def stacks(self) -> list[Stack]:
        """Its stacks that exist now, in the order in which they were made; asked once."""
        return stacks_of(self.clients, self.installation, self.regions)

    def has(self, part: str) -> bool:
        """Whether a stack was deployed, such as ``network``."""
        return any(stack.part == part for stack in self.stacks)

    def line(self, *place: str) -> str:
        """``deployment.toml:12``: the line of a setting."""
        return f"{self.path}:{read_toml(self.path, name='deployment file').line(place)}"


def situation(tier: str, path: Path) -> Situation:
    """The situation of a tier, with the credentials of this process; AWS is not asked yet.

    Raises
    ------
    SettingsError
        There is no such tier, or a file cannot be used.
    """
    chosen = installation.load(tier, path)
    return Situation(chosen, path, connect(chosen.region))
