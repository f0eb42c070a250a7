"""The script of the Glue job that curates."""

import sys

from pipeline.jobs.running import curate

if __name__ == "__main__":
    curate(sys.argv[1:])
