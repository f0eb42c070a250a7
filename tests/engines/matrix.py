"""Which engine answers which query, and where one differs: `docs/engines.md`, made from the catalogue and the gaps.

``python -m tests.engines.matrix`` writes the page; ``--check`` says whether it is up to date, ``--print`` shows the
matrix. A cell that says *same* is a test in `test_every_query.py` (for curation, `test_curation_on_spark.py`) and a gap
is one that must fail, so a run of ``make test-engines`` proves the page.
"""

from __future__ import annotations

import sys
from pathlib import Path

from catalogue.queries import Query, load, load_curation
from tests.engines.artifacts import pins
from tests.engines.gaps import GAPS
from tests.engines.redshift_shims import REWRITES, SETTINGS, functions
from tests.support.paths import ROOT

PAGE = ROOT / "docs" / "engines.md"
TEMPLATE = Path(__file__).with_name("matrix.md")
ENGINES = ("Athena", "Redshift")


def asked(engine: str, query: Query) -> bool:
    """Whether an engine is ever asked a query: Redshift is for those that name it as their source."""
    return engine == "Athena" or query.source == "warehouse"


def page() -> str:
    """The page as text."""
    queries = ["| query | DuckDB | Athena (Trino) | Redshift (PostgreSQL) |", "|---|---|---|---|"]
    for query in load():
        cells = [_cell(engine, query.name) if asked(engine, query) else "–" for engine in ENGINES]
        queries.append(f"| {query.name} | reference | {' | '.join(cells)} |")
    curation = ["| curation | DuckDB | Spark |", "|---|---|---|"]
    curation += [f"| {name} | reference | {_cell('Spark', name)} |" for name in load_curation()]
    gaps = [f"- **{gap.query} on {gap.engine}**, {gap.edge or 'always'}: {gap.reason}" for gap in GAPS] or ["None."]
    shims = ["| in Redshift's SQL | in PostgreSQL | why |", "|---|---|---|"]
    shims += [f"| `{rewrite.written}` | rewritten | {rewrite.reason} |" for rewrite in REWRITES]
    shims += [f"| `{name}(…)` | a function of ours | {reason} |" for name, reason in functions().items()]
    shims += [f"| | `{setting}` | {reason} |" for setting, reason in SETTINGS.items()]
    parts = {"queries": queries, "curation": curation, "gaps": gaps, "shims": shims, "trino": [pins()["version"]]}
    text = TEMPLATE.read_text(encoding="utf-8")
    for name, lines in parts.items():
        text = text.replace(f"{{{name}}}", "\n".join(lines))
    return text


def _cell(engine: str, query: str) -> str:
    gaps = [gap for gap in GAPS if (gap.engine, gap.query) == (engine, query)]
    return f"{len(gaps)} {'gap' if len(gaps) == 1 else 'gaps'}" if gaps else "same"


def main(arguments: list[str]) -> int:
    """Write the page, or compare it, or show the matrix."""
    text = page()
    if "--print" in arguments:
        sys.stdout.write(text[text.index("| query |") :].partition("\n\n")[0] + "\n")
    if "--check" in arguments and text != (PAGE.read_text(encoding="utf-8") if PAGE.exists() else ""):
        sys.stderr.write(f"docs/{PAGE.name} is out of date: run `make docs`.\n")
        return 1
    if not arguments:
        PAGE.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
