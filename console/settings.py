"""Settings of the console: frozen, typed, read once. The only reader of the environment."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from console.errors import SettingsError

PROFILES = ("embedded",)
DEFAULT_LAKE = "lake"


@dataclass(frozen=True)
class Settings:
    """How this console runs.

    Attributes
    ----------
    profile : ``embedded``: everything in one process, on a lake folder
    lake : the lake folder
    regions : regions the viewers of this console may see; None for all (``TAKINGS_REGIONS``, separated by commas)
    """

    profile: str = "embedded"
    lake: Path = Path(DEFAULT_LAKE)
    regions: tuple[str, ...] | None = None


def read(environment: Mapping[str, str] | None = None) -> Settings:
    """Settings from the environment: ``TAKINGS_PROFILE``, ``TAKINGS_LAKE``, ``TAKINGS_REGIONS``.

    Raises
    ------
    SettingsError
        A variable has a value that cannot be used; names it.
    """
    values = os.environ if environment is None else environment
    profile = values.get("TAKINGS_PROFILE", "embedded")
    if profile not in PROFILES:
        raise SettingsError(
            f"Profile {profile!r} is unknown", where="TAKINGS_PROFILE", remedy=f"Use {' or '.join(PROFILES)}."
        )
    lake = values.get("TAKINGS_LAKE") or DEFAULT_LAKE
    regions = values.get("TAKINGS_REGIONS")
    chosen = None if regions is None else tuple(part.strip() for part in regions.split(",") if part.strip())
    return Settings(profile, Path(lake).expanduser().absolute(), chosen)
