"""What console and pipeline share: the tables, and how a question becomes SQL. Imports nothing else of ours."""

import sys

if sys.platform == "win32":  # one writer at a time needs flock, and durable files need the fsync of folders
    raise ImportError("Takings runs on Linux and macOS. On Windows, run it in the Windows Subsystem for Linux (WSL).")
