"""The script of the Glue job that learns what to recommend. Besides what curation needs: numpy, scipy and pyarrow."""

import sys

from pipeline.jobs.running import train

if __name__ == "__main__":
    train(sys.argv[1:])
