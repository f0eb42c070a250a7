"""README.md is true to the letter: its commands are pasted, in their order, into a shell in a copy of the project."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.lake import Lake, LakeSettings
from tests.support.paths import ROOT

pytestmark = pytest.mark.slow

PAGE = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCK = re.compile(r"^```sh\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
SERVE = re.compile(r"^make run\b[^#\n]*", re.MULTILINE)
EVENTS = "20000"  # in place of a million
SECONDS = 400
LEFT_OUT = (".git", ".hypothesis", ".venv", "bench", "build", "dist", "lake", "tests")
UV = Path(sys.executable).parent / "uv"
# of a shell in which nothing of ours is set
PLAIN = {name: value for name, value in os.environ.items() if not name.startswith(("TAKINGS_", "VIRTUAL_ENV", "MAKE"))}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def copied(folder: Path) -> Path:
    """What a clone of the project has, with an environment as `make run` makes it."""
    folder.mkdir()
    for path in ROOT.iterdir():
        if path.name in LEFT_OUT or path.name.endswith("_cache"):
            continue
        if path.is_file():
            shutil.copy(path, folder)
        else:
            shutil.copytree(path, folder / path.name, ignore=shutil.ignore_patterns("__pycache__"))
    python = folder / ".venv" / "bin" / "python"
    subprocess.run([UV, "venv", "--quiet", "--python", sys.executable, folder / ".venv"], check=True)
    install = [UV, "pip", "install", "--quiet", "--python", python]
    subprocess.run([*install, "-r", folder / "requirements.txt"], check=True)
    subprocess.run([*install, "--no-deps", "--editable", folder], check=True)
    (python.parent / "uv").symlink_to(UV)
    (folder / ".venv" / ".run").touch()
    return folder


def pasted(ports: dict[str, int]) -> str:
    """The blocks as one script; a server is waited for as a reader would, in its own terminal."""
    script = "\n".join(block["text"] for block in BLOCK.finditer(PAGE))

    def beside(found: re.Match[str]) -> str:
        port = (re.findall(r"PORT=(\d+)", found[0]) or ["8501"])[0]
        ready = f"http://localhost:{port}/readyz"
        return f"{found[0]} > served-{port} 2>&1 & until curl -fs {ready} > /dev/null; do kill -0 $!; sleep 0.2; done "

    script = SERVE.sub(beside, script)
    for written, port in ports.items():
        script = script.replace(written, str(port))
    return "set -eu\n" + script


def test_every_command_works_as_it_is_pasted(tmp_path: Path) -> None:
    project = copied(tmp_path / "takings")
    ports = {"8501": free_port(), "8502": free_port()}
    with (tmp_path / "said").open("w+") as stderr:
        process = subprocess.Popen(
            ["bash", "-c", pasted(ports)],
            cwd=project,
            env=PLAIN | {"EVENTS": EVENTS, "PORT": str(ports["8501"])},
            stdout=subprocess.PIPE,
            stderr=stderr,
            text=True,
            start_new_session=True,
        )
        try:
            printed = process.communicate(timeout=SECONDS)[0]  # the servers hold no end of this pipe
        finally:
            os.killpg(process.pid, signal.SIGTERM)  # the servers: a group of our own
        said = (tmp_path / "said").read_text(encoding="utf-8")
    assert process.returncode == 0, printed[-3000:] + said[-3000:]
    own, sample = Lake.open(project / "mylake"), Lake.open(project / "lake")
    assert own.settings == LakeSettings("Europe/Berlin", "EUR")
    assert sample.is_sample
    assert not own.is_sample
    assert "5 rows received = 5 accepted" in printed
    assert "HTTP/1.1 202" in printed  # to curl
    assert '"verdicts":[{"verdict":"accepted"}]' in printed
    assert '"served":"best_sellers"' in printed
    document = json.loads(next(line for line in printed.splitlines() if line.startswith('{"rows"')))
    assert [(row["order_date"], row["net_revenue"]) for row in document["rows"]] == [
        ("2026-03-02", 93.8),  # 2 × 39.90 + 4 × 3.50
        ("2026-03-03", 249),
        ("2026-03-05", 179),
        ("2026-03-09", -249),
    ]
    assert f"Lake: {project / 'mylake'}" in said
    assert list((project / "dist").glob("takings-*.whl"))


def made(*arguments: str, **variables: str) -> str:
    """What `make` would run, or prints."""
    done = subprocess.run(
        ["make", "--no-print-directory", *arguments],
        cwd=ROOT,
        env=PLAIN | variables,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.strip()


SHOWN = ("--eval=shown: ; @echo $$TAKINGS_LAKE", "shown")


@pytest.mark.parametrize(
    ("line", "variable", "lake"),
    [
        (("LAKE=mine",), {"TAKINGS_LAKE": "/theirs"}, str(ROOT / "mine")),
        ((), {"TAKINGS_LAKE": "/theirs"}, "/theirs"),
        ((), {}, str(ROOT / "lake")),
    ],
    ids=["line", "environment", "neither"],
)
def test_the_lake_on_the_line_of_make_wins_over_the_one_of_the_environment(
    line: tuple[str, ...], variable: dict[str, str], lake: str
) -> None:
    assert made(*SHOWN, *line, **variable) == lake


def test_make_run_fills_no_lake_that_was_named_with_a_sample() -> None:
    steps = ("-n", "-o", ".venv/.run", "run")
    assert "takings sample --if-missing" in made(*steps)
    assert "sample" not in made(*steps, "LAKE=mine")
    assert "sample" not in made(*steps, TAKINGS_LAKE="/mine")
