"""`python -m sparkify` is the command `sparkify`."""

import sys

from sparkify.cli import main

if __name__ == "__main__":
    sys.exit(main())
