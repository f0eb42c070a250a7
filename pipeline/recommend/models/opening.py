"""The models of a lake folder or of a deployment's tables, as a command names them."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from pipeline.lake import Lake
from pipeline.recommend.models.stored_models import StoredModels


@contextmanager
def opened_models(lake: Path, tables: tuple[str, str], *, writes: bool) -> Iterator[StoredModels]:
    """The store that is meant: the first of the tables, or the lake folder where none is named.

    Parameters
    ----------
    writes : says on stderr which lake it is
    """
    if tables[0]:
        from pipeline.dynamodb_table import dynamodb_client
        from pipeline.recommend.models.dynamodb import DynamoDbModelStore

        yield DynamoDbModelStore(dynamodb_client(), tables[0])
        return
    from pipeline.recommend.models.embedded import FILE, EmbeddedModelStore

    opened = Lake.open(lake)
    if writes:
        sys.stderr.write(f"Lake: {opened.root}\n")
    with closing(EmbeddedModelStore(opened.root / FILE)) as store:
        yield store
