"""What happens inside the container: the server is started, asked for its health and for pages, and stopped.

Called with command, health check and address as JSON; prints what it saw as one line of JSON. Only the libraries of
the image are there.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from pathlib import Path

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.sync.client import connect

SECONDS = 120
PLACES = ("/", "/opt", "/opt/takings", "/tmp")  # noqa: S108 - the container's own
PAGES = ("definitions", "revenue")


def drawn(page: str, address: str) -> str:
    """All that a page sends to the browser of a reader who opens it at ``shop.example``, behind a load balancer."""
    text = []
    with connect(
        "ws://shop.example/_stcore/stream",
        sock=socket.create_connection((address, 8501)),
        subprotocols=["streamlit"],
        origin="https://shop.example",
        max_size=None,
    ) as server:
        asked = BackMsg()
        asked.rerun_script.page_name = page
        server.send(asked.SerializeToString())
        while True:
            message = ForwardMsg()
            message.ParseFromString(server.recv(timeout=SECONDS))
            text.append(str(message))
            if message.WhichOneof("type") == "script_finished":
                return "".join(text)


def main() -> None:
    command, health, address = json.loads(sys.argv[1])
    server = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    end = time.monotonic() + SECONDS
    while subprocess.run(health, capture_output=True, check=False).returncode != 0:
        if server.poll() is not None or time.monotonic() > end:
            sys.exit(f"The server did not become well: {server.stdout.read() if server.poll() is not None else ''}")
    pages = {page: drawn(page, address) for page in PAGES}
    seen = {
        "user": os.getuid(),
        "read_only": [place for place in PLACES if os.statvfs(place).f_flag & os.ST_RDONLY],
        "pages": pages,
        "written": sorted(str(path) for path in Path("/tmp").rglob("*")),  # noqa: S108 - the container's own
    }
    server.terminate()
    printed, _ = server.communicate(timeout=SECONDS)
    sys.stdout.write(json.dumps({**seen, "printed": printed, "code": server.returncode}) + "\n")


if __name__ == "__main__":
    main()
