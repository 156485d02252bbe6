"""`python -m statuspro`: the command line."""

import sys

from statuspro.cli import main

if __name__ == "__main__":
    sys.exit(main())
