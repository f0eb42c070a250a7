"""The console's image without Docker: its Dockerfile read, and its command run as the container would run it.

A namespace of mounts and one of networks stand in for the container: the root file system is read-only, ``/tmp`` is
empty, no network is reached, and the user of the image has no rights of root.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.support.paths import ROOT

HOME = Path("/opt/takings")  # of the environment, in the image
ADDRESS = "192.0.2.10"  # of the container, for others
SECONDS = 240
DOCKERFILE = ROOT / "Dockerfile"


@dataclass(frozen=True)
class Instruction:
    """An instruction of a Dockerfile, such as ``USER`` with its text."""

    name: str
    text: str


@dataclass
class Image:
    """What the last stage of a Dockerfile says of the container."""

    user: str = "root"
    command: list[str] = field(default_factory=list)
    health: list[str] = field(default_factory=list)
    environment: dict[str, str] = field(default_factory=dict)


def instructions(text: str) -> list[Instruction]:
    """The instructions of a Dockerfile, each on one line, without comments."""
    lines = "\n".join(line for line in text.splitlines() if not line.lstrip().startswith("#"))
    joined = re.sub(r"\\\n\s*", " ", lines)
    return [Instruction(*line.split(maxsplit=1)) for line in joined.splitlines() if line.strip()]


def image_of(text: str) -> Image:
    """Read the last stage."""
    image = Image()
    for instruction in instructions(text):
        if instruction.name == "FROM":
            image = Image()
        elif instruction.name == "USER":
            image.user = instruction.text
        elif instruction.name == "ENV":
            image.environment |= dict(pair.split("=", 1) for pair in shlex.split(instruction.text))
        elif instruction.name == "HEALTHCHECK":
            image.health = json.loads(instruction.text.partition("CMD")[2])
        elif instruction.name == "CMD":
            image.command = json.loads(instruction.text)
    return image


def cannot_run() -> str | None:
    """Why no container can be played here; None where it can."""
    for program in ("unshare", "setpriv", "ip"):
        if shutil.which(program) is None:
            return f"{program} is not installed"
    tried = subprocess.run(["unshare", "--mount", "--net", "true"], capture_output=True, text=True, check=False)
    return None if tried.returncode == 0 else f"no namespaces here: {tried.stderr.strip()}"


def run(image: Image, environment: Path, program: Path, variables: dict[str, str]) -> dict[str, Any]:
    """Run a program as the user of the image, with the image and `variables` as its environment; gives what it prints.

    Parameters
    ----------
    environment : a relocatable virtual environment; the program finds it where the image has it
    program : gets the command, the health check and the container's address as JSON
    """
    search = image.environment["PATH"].replace("$PATH", "/usr/bin:/bin")
    called = ["setpriv", "--reuid", image.user.partition(":")[0], "--regid", image.user.partition(":")[2]]
    called += ["--clear-groups", "--no-new-privs", "--bounding-set=-all", "--inh-caps=-all"]
    called += ["python", str(HOME / program.name), json.dumps([image.command, image.health, ADDRESS])]
    shutil.copyfile(program, environment / program.name)
    done = subprocess.run(
        ["unshare", "--mount", "--net", "sh", "-euc", _isolated(environment, shlex.join(called), search)],
        env={**image.environment, **variables, "PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return answer


def _isolated(environment: Path, called: str, search: str) -> str:
    """A script that sees the environment in its place, may write to ``/tmp`` alone, and calls something."""
    python = Path(sys.base_prefix)
    closed = next((folder for folder in reversed(python.parents) if not folder.stat().st_mode & 0o001), None)
    script = [
        "ip link set lo up",
        f"ip address add {ADDRESS}/32 dev lo",
        "mount --make-rprivate /",
        "mount -t tmpfs -o mode=755 none /opt",
    ]
    script += [f"mkdir {HOME} /opt/python", f"mount --bind {shlex.quote(str(environment))} {HOME}"]
    read_only = [str(HOME), "/"]
    if closed:  # the interpreter of this environment is where the image's user may not look
        place = shlex.quote(str(python))
        script += [f"mount --bind {place} /opt/python", f"mount -t tmpfs -o mode=755 none {closed}"]
        script += [f"mkdir -p {place}", f"mount --bind /opt/python {place}"]
        read_only = [place, "/opt/python", *read_only]
    script += [f"mount -o remount,bind,ro {place}" for place in read_only]
    script += ["mount -o remount,ro /opt", "mount -t tmpfs -o mode=1777 none /tmp", "cd /"]
    return "\n".join([*script, f"export PATH={search}", f"exec {called}"])
