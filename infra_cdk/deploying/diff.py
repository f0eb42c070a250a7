"""What a deployment would change: what is replaced or deleted first, then CDK's own comparison."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

_STACK = re.compile(r"^Stack (\S+)")
_DANGER = re.compile(r"^\[[-~+]\] (\S.*?) (destroy|orphan|replace|may be replaced)\s*$")
_COUNT = re.compile(r"Number of stacks with differences: (\d+)")
_MEANS = {
    "destroy": "is deleted",
    "orphan": "leaves the stack and stays, unwatched and charged",
    "replace": "is replaced: what it holds is lost",
    "may be replaced": "may be replaced: what it holds is lost",
}


@dataclass(frozen=True)
class Danger:
    """A resource that a deployment deletes or replaces."""

    stack: str
    resource: str
    change: str

    def line(self) -> str:
        """In words."""
        return f"{self.stack}: {self.resource} {_MEANS[self.change]}"


@dataclass(frozen=True)
class Comparison:
    """CDK's comparison, read.

    Attributes
    ----------
    changed : number of stacks that differ
    """

    dangers: tuple[Danger, ...]
    changed: int
    lines: tuple[str, ...]


def read(lines: Iterable[str]) -> Comparison:
    """Read what CDK prints."""
    kept = tuple(lines)
    counts = [int(found[1]) for line in kept if (found := _COUNT.search(line))]
    return Comparison(tuple(_dangers(kept)), sum(counts), kept)


def _dangers(lines: Iterable[str]) -> Iterator[Danger]:
    stack = ""
    for line in lines:
        if header := _STACK.match(line):
            stack = header[1]
        elif found := _DANGER.match(line):
            yield Danger(stack, found[1], found[2])
