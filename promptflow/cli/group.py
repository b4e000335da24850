"""The program, which the modules of its commands hang themselves onto, and what they all need."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import click

from promptflow import __version__
from promptflow.laboratory import Laboratory
from promptflow.settings import ROOT, Settings, gather_variables, read_settings

SUCCEEDED, NONE, BAD_INPUT, SOME, STOPPED = 0, 1, 2, 3, 130
"""Exit codes."""

OpenLaboratory = Callable[[Settings], Laboratory]


@click.group(
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    no_args_is_help=False,
)
@click.version_option(__version__, message="Prompt Flow %(version)s")
def cli() -> None:
    """Prompt Flow: an idea becomes a plan, thinking, prompts and pictures, all of it kept."""


def settings() -> Settings:
    """Read the settings where a command does: from the environment and the checkout.

    Raises:
        SetupError: one of them can't be used.
    """
    return read_settings(gather_variables(os.environ, dotenv=ROOT / ".env"))


@contextmanager
def laboratory(open_lab: OpenLaboratory) -> Iterator[Laboratory]:
    """Open a laboratory for one command.

    Args:
        open_lab: opens it.

    Yields:
        The laboratory; it is closed at the end.

    Raises:
        KeyboardInterrupt: Ctrl-C was pressed; it is left as it is.
    """
    lab = open_lab(settings())
    try:
        yield lab
    except KeyboardInterrupt:
        # To close would be to say that what is under way is finished. The kernel lets go of the folder.
        raise
    except BaseException:
        lab.close(timeout_s=0)
        raise
    lab.close(timeout_s=0)
