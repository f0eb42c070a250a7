"""The Lambda packages: which handlers each one holds. Plain data.

Of our own code a package holds the modules that its handlers reach (`infra_cdk.packages.modules`), so a change
elsewhere uploads nothing. Its libraries are pinned in ``infra_cdk/requirements/<name>.txt``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

# Of the runtimes on Amazon Linux 2023 (3.12 and newer, supported until 2029 from 3.13 on) the one that the console's
# container has too, and for which every pinned library has wheels.
# Source: https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtimes.html
PYTHON = "3.13"

# Amazon Linux 2023 has glibc 2.34; pyarrow's wheels need 2.28.
PLATFORMS = MappingProxyType({"arm64": "aarch64-manylinux_2_28", "x86_64": "x86_64-manylinux_2_28"})

# Source: https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html (deployment package, unzipped)
LARGEST_BYTES = 250 * 1024**2

# Lambda's runtime has them. Source: https://docs.aws.amazon.com/lambda/latest/dg/lambda-python.html
OF_THE_RUNTIME = frozenset({"boto3", "botocore"})

# What no handler ever opens, by path in the package. Every library that pyarrow links is kept, Substrait's included.
NEVER_USED = (
    ".lock",
    "bin",
    "wrapt-stubs",
    "**/*.pyi",
    "**/*.px[did]",
    "**/*.pyx",
    "pyarrow/include",
    "pyarrow/src",
    "pyarrow/tests",
    "pyarrow/_pyarrow_cpp_tests*",
    "pyarrow/*flight*",
    "pyarrow/libarrow_python*.so",  # the same files as `.so.2500`, which is the name that is linked
    "pyarrow/libarrow_python*.so.*.*.*",
)


@dataclass(frozen=True)
class Package:
    """A Lambda package.

    Attributes
    ----------
    handlers : modules with a function ``handler``
    resources : files and folders of the project that its modules read by `catalogue.project_files`
    """

    handlers: tuple[str, ...]
    resources: tuple[str, ...] = ()


PACKAGES = MappingProxyType(
    {
        "ingest": Package(
            (
                "pipeline.handlers.canary",
                "pipeline.handlers.collector",
                "pipeline.handlers.live",
                "pipeline.handlers.shards",
            )
        ),
        "recommendations": Package(("pipeline.handlers.recommendations",)),
        "warehouse": Package(("pipeline.handlers.warehouse",), resources=("queries",)),
        "console-jobs": Package(("console.handlers.cost_snapshot", "console.handlers.own_calls")),
    }
)

# Glue 5.1 runs Python 3.11 on x86_64 (`pipeline/curate/glue_job.toml`), on Amazon Linux 2023
GLUE_PYTHON = "3.11"
GLUE_PLATFORMS = ("manylinux_2_28_x86_64", "manylinux_2_17_x86_64", "manylinux2014_x86_64", "any")
JOBS = ("takings_curate", "takings_erase", "takings_maintain", "takings_train")


def names(packages: Mapping[str, Package] = PACKAGES) -> str:
    """The names of the packages, for a message."""
    return ", ".join(sorted(packages))
