"""Where AWS clients come from: `console.aws.clients`, or a test's answers."""

from __future__ import annotations

from typing import Any, Protocol


class Clients(Protocol):
    """Makes AWS clients."""

    def client(self, service_name: str, region_name: str | None = None) -> Any:
        """The client of a service, in the installation's region where none is named."""
        ...
