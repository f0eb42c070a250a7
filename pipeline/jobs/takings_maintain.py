"""The script of the Glue job that keeps the tables fast and small."""

import sys

from pipeline.jobs.running import maintain

if __name__ == "__main__":
    maintain(sys.argv[1:])
