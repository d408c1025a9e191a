"""Print the table: `python -m benchmarks.sharing`."""

import sys

from .table import cli

if __name__ == "__main__":
    sys.exit(cli())
