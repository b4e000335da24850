"""``python -m promptflow``."""

import sys

from promptflow.cli import main

sys.exit(main(sys.argv[1:]))
