"""Where the files are that are no modules: queries, pages, tiers, the settings of Streamlit.

In a checkout they are beside the packages. A wheel has them in a folder of this package (`pyproject.toml` puts them
there): the top of an environment belongs to everybody. A wheel that is not unpacked, as Spark takes one, is an archive
on Python's path: what is only read can be read from it too.
"""

from __future__ import annotations

from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from catalogue.errors import CatalogueError

_PACKAGE = Path(__file__).resolve().parent
_SHIPPED = files(__package__) / "shipped"
ROOT = _PACKAGE / "shipped" if (_PACKAGE / "shipped").is_dir() else _PACKAGE.parent


def resource(name: str) -> Traversable:
    """A file or folder to read, by its path from the root of the project, such as ``queries``."""
    return _SHIPPED / name if _SHIPPED.is_dir() else ROOT / name


def project_file(name: str) -> Path:
    """The same as a path, for programs that open files by themselves, such as ``pages/brief.py``.

    Raises
    ------
    CatalogueError
        Takings is imported from an archive, where a path leads nowhere.
    """
    if not ROOT.is_dir():
        raise CatalogueError(
            f"{name} cannot be opened inside an archive",
            where=str(ROOT),
            remedy="Install the wheel with pip, or unpack it; only curation runs from an archive.",
        )
    return ROOT / name
