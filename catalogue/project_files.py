"""Where the files are that are no modules: queries, pages, tiers, the settings of Streamlit.

In a checkout they are beside the packages. A wheel has them in a folder of this package (`pyproject.toml` puts them
there): the top of an environment belongs to everybody.
"""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent
_SHIPPED = _PACKAGE / "shipped"
ROOT = _SHIPPED if _SHIPPED.is_dir() else _PACKAGE.parent


def project_file(name: str) -> Path:
    """A file or folder by its path from the root of the project, such as ``queries`` or ``infra_cdk/tiers.toml``."""
    return ROOT / name
