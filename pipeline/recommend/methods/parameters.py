"""The parameters of a method that is a dataclass."""

from __future__ import annotations

from dataclasses import asdict, dataclass


@dataclass(frozen=True)
class Parameters:
    """A method whose parameters are its fields."""

    @property
    def parameters(self) -> dict[str, float | int | str]:
        """By name, as they are printed."""
        return asdict(self)
