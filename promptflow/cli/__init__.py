"""The command line: the same use cases without a browser. Floor 8.

What people read goes to stderr, what programs read to stdout. Exit codes of ``generate``: 0 every
picture came, 3 some did, 1 none did, 2 the request can't be carried out as asked.
"""

from collections.abc import Sequence

import click

# Each hangs its commands onto the program.
from promptflow.cli import bundles, deleting, generations, keeping
from promptflow.cli.group import BAD_INPUT, NONE, STOPPED, SUCCEEDED, OpenLaboratory, cli
from promptflow.cli.streams import OutputLostError, complain
from promptflow.errors import (
    BudgetError,
    DeletedGenerationError,
    InputError,
    PromptflowError,
    UnknownGenerationError,
)
from promptflow.laboratory import open_laboratory

__all__ = ["bundles", "cli", "deleting", "generations", "keeping", "main"]

_NAME = "python -m promptflow"
_CHECK_ID = "Check the id, which `generate` tells first, and PROMPTFLOW_DATA_DIR if it is set."


def main(arguments: Sequence[str], *, open_lab: OpenLaboratory = open_laboratory) -> int:
    """Run one command.

    Args:
        arguments: without the program's name.
        open_lab: opens the laboratory in which generations are made, shown and listed.

    Returns:
        The exit code; whatever went wrong has been said in one line on stderr.
    """
    try:
        code = cli.main(args=list(arguments), prog_name=_NAME, standalone_mode=False, obj=open_lab)
    except click.UsageError as error:
        return complain(_explain_usage(error), BAD_INPUT)
    except (
        InputError,
        BudgetError,
        UnknownGenerationError,
        DeletedGenerationError,
    ) as error:
        return complain(_explain_input(error), BAD_INPUT)
    except PromptflowError as error:
        return complain(error.message, NONE)
    except (click.Abort, KeyboardInterrupt):
        return complain("Stopped at once; what was under way will read as interrupted.", STOPPED)
    except OutputLostError as error:
        return complain(error.said, NONE) if error.said else NONE
    return code if isinstance(code, int) else SUCCEEDED


def _explain_input(
    error: InputError | BudgetError | UnknownGenerationError | DeletedGenerationError,
) -> str:
    if isinstance(error, UnknownGenerationError):
        return error.message.removesuffix(error.advice) + _CHECK_ID
    return error.message


def _explain_usage(error: click.UsageError) -> str:
    said = error.format_message()
    command = error.ctx.command_path if error.ctx else _NAME
    return f"{said}{'' if said.endswith(('.', '?')) else '.'} See `{command} --help`."
