"""Which modules of ours a handler can reach, read from the source without running it.

An import inside a function counts, for it happens when the handler runs; one below ``if TYPE_CHECKING:`` does not. An
import by a computed name cannot be followed, and no handler has one.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib.util import resolve_name
from pathlib import Path

from catalogue.errors import BuildFailed

OURS = ("catalogue", "console", "pipeline")


@dataclass(frozen=True)
class Reached:
    """What is reached.

    Attributes
    ----------
    modules : our modules and the packages around them → file
    foreign : top-level names of everybody else's, without the standard library
    """

    modules: dict[str, Path]
    foreign: frozenset[str]

    def files(self) -> Iterator[Path]:
        """The files to take along: the modules, and beside them what is no module, such as a price book in TOML."""
        yield from self.modules.values()
        for folder in {file.parent for file in self.modules.values()}:
            for file in folder.iterdir():
                if file.is_file() and file.suffix not in (".py", ".pyc") and not file.name.startswith("."):
                    yield file


def reach(handlers: Iterable[str], root: Path) -> Reached:
    """Follow the imports of these modules.

    Parameters
    ----------
    root : folder of our packages

    Raises
    ------
    BuildFailed
        There is no such module.
    """
    found: dict[str, Path] = {}
    foreign: set[str] = set()
    waiting = []
    for handler in handlers:
        if _file(handler, root) is None:
            raise BuildFailed(
                f"There is no module {handler}", where=str(root), remedy="Correct infra_cdk/packages/table.py."
            )
        waiting.append(handler)
    while waiting:
        name = waiting.pop()
        if name in found:
            continue
        file = _file(name, root)
        if file is not None:
            found[name] = file
            waiting += [*_imports(name, file), *filter(None, [name.rpartition(".")[0]])]
        elif (top := name.partition(".")[0]) not in (*OURS, *sys.stdlib_module_names):
            foreign.add(top)
    return Reached(found, frozenset(foreign))


def _file(name: str, root: Path) -> Path | None:
    """The file of a module or package of ours; None where the name is a function's, a class's or somebody else's."""
    if name.partition(".")[0] not in OURS:
        return None
    path = root.joinpath(*name.split("."))
    for file in (path / "__init__.py", path.with_name(f"{path.name}.py")):
        if file.is_file():
            return file
    return None


def _imports(name: str, file: Path) -> Iterator[str]:
    """Every name that a module imports; of ``from a import b`` both ``a`` and ``a.b``, which may be a module."""
    package = name if file.name == "__init__.py" else name.rpartition(".")[0]
    waiting: list[ast.AST] = [ast.parse(file.read_bytes(), filename=str(file))]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.If) and ast.unparse(node.test) in ("TYPE_CHECKING", "typing.TYPE_CHECKING"):
            waiting += node.orelse
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            origin = resolve_name("." * node.level + (node.module or ""), package)
            yield origin
            yield from (f"{origin}.{alias.name}" for alias in node.names)
        waiting += ast.iter_child_nodes(node)
