"""The packages as they are uploaded: what is in them, and that their handlers run from them alone."""

from __future__ import annotations

import json
import platform
import subprocess
import sys
from pathlib import Path

import boto3
import pytest

from infra_cdk.packages import PACKAGES, build, folders, lambdas
from infra_cdk.packages.folders import size, zipped
from infra_cdk.packages.modules import reach
from tests.support.paths import ROOT

HERE = {"aarch64": "arm64", "arm64": "arm64", "x86_64": "x86_64", "AMD64": "x86_64"}[platform.machine()]
PYTHON_HERE = f"{sys.version_info.major}.{sys.version_info.minor}"
LARGEST = 180 * 1024**2  # bytes unzipped; Lambda takes 250 MiB
OF_THE_RUNTIME = {"boto3", "botocore", "urllib3"}
OF_THE_CONSOLE = {"app.py", "duckdb", "numpy", "pages", "pandas", "streamlit", "takings"}


def own_code(name: str) -> set[str]:
    return {"catalogue", "pipeline", "console"} if name == "console-jobs" else {"catalogue", "pipeline"}


@pytest.fixture(scope="session")
def runtime(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that holds what Lambda's runtime has, and nothing else."""
    folder = tmp_path_factory.mktemp("runtime")
    installed = Path(boto3.__file__).parents[1]
    for name in ("boto3", "botocore", "dateutil", "s3transfer", "six.py", "urllib3"):
        (folder / name).symlink_to(installed / name)
    return folder


def run(tree: Path, runtime: Path, code: str, **variables: str) -> str:
    """Run code in a Python that finds the package and the runtime's libraries, and no others."""
    program = f"import sys\nsys.path[:0] = [{str(tree)!r}]\nsys.path.append({str(runtime)!r})\n{code}"
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-B", "-c", program],
        cwd=runtime,
        env={"PATH": "", "AWS_DEFAULT_REGION": "eu-west-1", **variables},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="session", params=sorted(PACKAGES))
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="session")
def tree(name: str) -> Path:
    """The package for this machine."""
    return build(name, HERE, PYTHON_HERE)


def test_it_holds_its_handlers_and_their_libraries_and_nothing_of_the_runtime_or_the_console(
    name: str, tree: Path
) -> None:
    for handler in PACKAGES[name].handlers:
        assert (tree / f"{handler.replace('.', '/')}.py").is_file()
    there = {path.name for path in tree.iterdir()}
    assert not there & (OF_THE_RUNTIME | OF_THE_CONSOLE | {"bin", "tests"})
    assert own_code(name) == there & {"catalogue", "console", "pipeline", "infra_cdk"}


def test_for_arm64_it_holds_machine_code_for_arm64_alone(name: str) -> None:
    folder = build(name)
    libraries = list(folder.rglob("*.so*"))
    assert libraries
    for library in libraries:
        assert library.read_bytes()[18:20] == b"\xb7\x00", library  # e_machine of its ELF header: EM_AARCH64


def test_it_is_well_below_what_lambda_takes(name: str, tree: Path) -> None:
    assert size(build(name)) < LARGEST
    assert size(tree) < LARGEST


def test_all_that_its_handlers_reach_is_imported_from_it_alone(name: str, tree: Path, runtime: Path) -> None:
    reached = reach(PACKAGES[name].handlers, ROOT)
    wanted = sorted(reached.modules) + sorted(reached.foreign)
    code = f"import importlib\nfor name in {wanted!r}: importlib.import_module(name)\n"
    assert (
        Path(run(tree, runtime, f"{code}print(sys.modules['catalogue'].__file__)").strip())
        == tree / "catalogue" / "__init__.py"
    )


def test_every_handler_is_found_where_its_function_is_configured(name: str, tree: Path, runtime: Path) -> None:
    for handler in PACKAGES[name].handlers:
        assert run(tree, runtime, f"import {handler}\nprint(callable({handler}.handler))").strip() == "True"


def test_the_collector_answers_a_request_without_a_key_with_tracing_on(runtime: Path) -> None:
    event = {
        "version": "2.0",
        "rawPath": "/v1/events",
        "headers": {"content-type": "application/json"},
        "requestContext": {"stage": "$default", "http": {"method": "POST", "sourceIp": "192.0.2.1"}},
        "body": "{}",
    }
    code = f"""
from types import SimpleNamespace
from pipeline.handlers.collector import handler
context = SimpleNamespace(function_name='f', memory_limit_in_mb=1, invoked_function_arn='arn', aws_request_id='r')
answer = handler({event!r}, context)
import aws_xray_sdk
sys.stdout.write('\\n' + __import__('json').dumps(answer))
"""
    trace = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=0"
    tree = build("ingest", HERE, PYTHON_HERE)
    settings = {"TAKINGS_STREAM": "events", "LAMBDA_TASK_ROOT": str(tree), "_X_AMZN_TRACE_ID": trace}
    printed = run(tree, runtime, code, **settings, AWS_ACCESS_KEY_ID="none", AWS_SECRET_ACCESS_KEY="none")  # noqa: S106
    assert json.loads(printed.splitlines()[-1])["statusCode"] == 401


def test_the_warehouse_finds_its_questions_in_its_package(runtime: Path) -> None:
    code = "from catalogue.warehouse import warehouse_tables\nprint(len(warehouse_tables()))"
    assert int(run(build("warehouse", HERE, PYTHON_HERE), runtime, code)) > 3


def test_the_snapshot_of_costs_finds_its_prices_and_writes_parquet_from_its_package(runtime: Path) -> None:
    code = """
from console.finops.pricing import price_book
import io, pyarrow as pa, pyarrow.parquet as pq, pyarrow.compute as pc
file = io.BytesIO()
pq.write_table(pa.table({"region": pa.array(["north", "north"]).dictionary_encode()}), file, compression="zstd")
print(price_book.load().price("cost_explorer.request", "us-east-1").amount, pc.count(pq.read_table(file)["region"]))
"""
    assert run(build("console-jobs", HERE, PYTHON_HERE), runtime, code).split() == ["0.01", "2"]


def test_building_it_again_does_nothing(name: str, tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lambdas, "_install", lambda *_: pytest.fail("it was built again"))
    assert build(name, HERE, PYTHON_HERE) == tree


def test_built_twice_it_has_the_same_bytes(tmp_path: Path) -> None:
    files = [zipped(build("ingest", HERE, PYTHON_HERE, tmp_path / str(run)), tmp_path / f"{run}.zip") for run in (1, 2)]
    assert files[0].read_bytes() == files[1].read_bytes()


def test_a_change_of_what_a_handler_reaches_makes_another_package_and_any_other_change_does_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[dict[str, Path]] = []

    def noted(words: tuple[str, ...], files: dict[str, Path]) -> str:
        seen.append(files)
        return folders.digest(words, files)

    monkeypatch.setattr(lambdas, "digest", noted)
    monkeypatch.setattr(lambdas, "kept", lambda folder, _make: folder)
    build("console-jobs", target=tmp_path)
    (inputs,) = seen
    assert {"catalogue/errors.py", "console/finops/pricing/price_book.toml", "requirements"} < set(inputs)
    assert not [
        file for file in inputs if file.startswith(("console/kit", "console/sales", "pages", "tests", "queries"))
    ]


def test_bytecode_is_taken_without_its_source_being_looked_at(tree: Path) -> None:
    compiled = tree / "catalogue" / "__pycache__" / f"errors.{sys.implementation.cache_tag}.pyc"
    assert compiled.read_bytes()[4:8] == b"\x01\x00\x00\x00"  # PEP 552: a digest of the source that is not checked
