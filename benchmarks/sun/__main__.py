"""Print the table: `python -m benchmarks.sun`."""

import sys

from .table import cli

if __name__ == "__main__":
    sys.exit(min(cli(), 1))
