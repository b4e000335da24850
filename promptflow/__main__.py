"""``python -m promptflow``."""

import io
import sys


def _run() -> int:
    try:
        # In here, so that a Ctrl-C in the first moments ends without a traceback, too.
        from promptflow.cli import main

        if isinstance(sys.stdout, io.TextIOWrapper):
            # Where a terminal has no sign for something it shows `?`; nothing ends half-way for that.
            sys.stdout.reconfigure(errors="replace")
        return main(sys.argv[1:])
    except KeyboardInterrupt:
        return 130


sys.exit(_run())
