"""The script of the Glue job that takes a person out of the lake."""

import sys

from pipeline.jobs.running import erase

if __name__ == "__main__":
    erase(sys.argv[1:])
