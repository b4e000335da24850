"""What the command line writes: for programs to stdout, for people to stderr."""

import json
import os
import re
import sys
from contextlib import suppress
from pathlib import Path
from typing import TextIO

import click

from promptflow.transcript import printable

_MISLEADING = re.compile("[\x7f-\x9f\u2028-\u202e\u2066-\u2069]")
"""What JSON lets through and a terminal may obey: further controls, line ends, changes of direction."""


class OutputLostError(Exception):
    """Stdout took no more.

    Args:
        said: one sentence; empty where its reader has gone, and nobody is to be told.
    """

    def __init__(self, said: str) -> None:
        super().__init__(said)
        self.said = said


def print_json(document: object) -> None:
    """Write one JSON document to stdout.

    Args:
        document: plain values.
    """
    text = json.dumps(document, ensure_ascii=False, indent=2)
    text = _MISLEADING.sub(lambda sign: f"\\u{ord(sign[0]):04x}", text)
    # JSON is UTF-8, whatever the terminal is.
    print_(f"{text}\n".encode())


def print_(text: str | bytes) -> None:
    """Write to stdout, for programs and for whoever asked to be shown something."""
    try:
        click.echo(text, nl=False)
    except OSError as error:
        silence(sys.stdout)
        said = f"The output can't be written ({error.strerror}). Send it somewhere else."
        raise OutputLostError("" if isinstance(error, BrokenPipeError) else said) from error


def tell(text: str) -> None:
    """Write to stderr, for people; a flow that is paid for goes on when nobody listens any more."""
    try:
        click.echo(text, nl=False, err=True)
    except OSError:
        silence(sys.stderr)


def silence(stream: TextIO) -> None:
    """Let what a broken stream still holds go nowhere: Python tries again, and complains, at its end."""
    with suppress(OSError, ValueError), Path(os.devnull).open("wb") as nowhere:
        os.dup2(nowhere.fileno(), stream.fileno())


def tell_line(text: str) -> None:
    """Write over the line before, where someone watches; nothing, to take it away."""
    if sys.stderr.isatty():
        tell(f"\r{text}\x1b[K")


def complain(message: str, code: int) -> int:
    """Say what is wrong in one line, whatever was typed into it."""
    tell(" ".join(printable(message).splitlines()) + "\n")
    return code
