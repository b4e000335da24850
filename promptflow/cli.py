"""The command line: the same use cases without a browser. Floor 8.

What people read goes to stderr, what programs read to stdout. Exit codes of ``generate``: 0 every
picture came, 3 some did, 1 none did, 2 the request can't be carried out as asked.
"""

import json
import os
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from types import FrameType

import click

from promptflow import __version__
from promptflow.doctor import examine
from promptflow.document import render_document
from promptflow.errors import InputError, PromptflowError, UnknownGenerationError
from promptflow.laboratory import Laboratory, open_laboratory
from promptflow.records import GenerationStatus, RunStatus
from promptflow.settings import read_settings
from promptflow.transcript import Transcript, printable
from promptflow.view import FlowView

SUCCEEDED, NONE, BAD_INPUT, SOME = 0, 1, 2, 3
_POLL_S = 0.5
"""Seconds between two looks at whether Ctrl-C was pressed."""


def main(arguments: Sequence[str]) -> int:
    """Run one command.

    Args:
        arguments: without the program's name.

    Returns:
        The exit code; whatever went wrong has been said in one sentence on stderr.
    """
    try:
        code = cli.main(args=list(arguments), prog_name="promptflow", standalone_mode=False)
    except (click.UsageError, InputError, UnknownGenerationError) as error:
        said = error.format_message() if isinstance(error, click.UsageError) else error.message
        return _complain(said, BAD_INPUT)
    except PromptflowError as error:
        return _complain(error.message, NONE)
    except (click.Abort, KeyboardInterrupt):
        return _complain("Stopped at once; what was under way will read as interrupted.", 130)
    except BrokenPipeError:
        # Whoever read our output has gone; there is nobody left to tell.
        sys.stdout = open(os.devnull, "w")  # noqa: SIM115, PTH123 - lives until the process ends
        return NONE
    return code if isinstance(code, int) else SUCCEEDED


@click.group(
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    invoke_without_command=False,
)
@click.version_option(__version__, message="Prompt Flow %(version)s")
def cli() -> None:
    """Prompt Flow: an idea becomes a plan, thinking, prompts and pictures, all of it kept."""


@cli.command()
@click.argument("request")
@click.option(
    "--image-model",
    "image_models",
    multiple=True,
    metavar="ID",
    help="An image model; give it several times for several. Default: the first two available.",
)
@click.option("--text-model", metavar="ID", help="The text model. Default: the first available.")
@click.option("--aspect-ratio", default="1:1", show_default=True, metavar="R", help="Like 16:9.")
@click.option("--images", default=1, show_default=True, metavar="N", help="Per model, 1 to 4.")
@click.option("--seed", type=int, metavar="N", help="For the models that have one.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document to stdout.")
def generate(
    request: str,
    image_models: tuple[str, ...],
    text_model: str | None,
    aspect_ratio: str,
    images: int,
    seed: int | None,
    *,
    as_json: bool,
) -> int:
    """Turn REQUEST into pictures.

    The stages are told on stderr as they happen. Ctrl-C finishes what is paid for and starts nothing
    more; a second one stops at once.
    """
    with _laboratory() as lab:
        catalog = lab.catalog
        checked = lab.check(
            request=request,
            image_models=image_models
            or catalog.default_image_models(lab.available(catalog.image_models)),
            text_model=text_model or catalog.default_text_model(lab.available(catalog.text_models)),
            aspect_ratio=aspect_ratio,
            images_per_model=images,
            seed=seed,
        )
        view = _follow(lab, lab.start(checked))
        if as_json:
            _print_document(view)
        return _exit_code(view)


@cli.command()
@click.argument("generation_id")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document to stdout.")
def show(generation_id: str, *, as_json: bool) -> int:
    """Show the generation GENERATION_ID as the ledger has it."""
    with _laboratory() as lab:
        view = lab.look_up(generation_id)[1]
        if as_json:
            _print_document(view)
        else:
            transcript = Transcript(partial(click.echo, nl=False), lab.name_of)
            for event in lab.read_events(generation_id):
                transcript.take(event)
        return SUCCEEDED


@cli.command()
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document to stdout.")
def models(*, as_json: bool) -> int:
    """List the models, and why some can't be used now."""
    with _laboratory() as lab:
        cards = (*lab.catalog.text_models, *lab.catalog.image_models)
        rows = [
            {
                "id": card.id,
                "title": card.title,
                "provider": card.provider,
                "kind": "text" if card in lab.catalog.text_models else "image",
                "recommended_for": card.recommended_for,
                "available": lab.reason_unavailable(card) is None,
                "reason_unavailable": lab.reason_unavailable(card),
            }
            for card in cards
        ]
        if as_json:
            click.echo(json.dumps({"models": rows}, ensure_ascii=False, indent=2))
            return SUCCEEDED
        for kind in ("text", "image"):
            click.echo(f"{kind.capitalize()} models")
            for row in rows:
                if row["kind"] == kind:
                    click.echo(
                        f"  {row['id']:<26} {row['reason_unavailable'] or row['recommended_for']}"
                    )
        return SUCCEEDED


@cli.command()
def doctor() -> int:
    """Check the database, the storage, the catalogue and the keys."""
    findings = examine(read_settings(os.environ))
    for finding in findings:
        mark = click.style("ok  ", fg="green") if finding.fine else click.style("bad ", fg="red")
        click.echo(f"{mark} {finding.what}: {finding.said}")
    return SUCCEEDED if all(finding.fine for finding in findings) else NONE


@contextmanager
def _laboratory() -> Iterator[Laboratory]:
    lab = open_laboratory(read_settings(os.environ))
    try:
        yield lab
    finally:
        lab.close(timeout_s=0)


def _follow(lab: Laboratory, generation_id: str) -> FlowView:
    """Tell the flow on stderr until its end, and read it back from the ledger."""
    flow = lab.find_flow(generation_id)
    transcript = Transcript(partial(click.echo, err=True, nl=False), lab.name_of)
    with _first_interrupt(partial(lab.cancel, generation_id)):
        # One that is over by now is told from the ledger.
        for batch in flow.follow(timeout_s=_POLL_S) if flow else [lab.read_events(generation_id)]:
            for event in batch:
                transcript.take(event)
    return lab.look_up(generation_id)[1]


@contextmanager
def _first_interrupt(act: Callable[[], None]) -> Iterator[None]:
    """Take the first Ctrl-C as a wish to end well; the second is Python's own again."""
    before = signal.getsignal(signal.SIGINT)

    def handle(_number: int, _frame: FrameType | None) -> None:
        signal.signal(signal.SIGINT, before)
        click.echo(
            "\nCancelling: finishing what is paid for. Ctrl-C again stops at once.", err=True
        )
        act()

    signal.signal(signal.SIGINT, handle)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _exit_code(view: FlowView) -> int:
    if view.status is GenerationStatus.SUCCEEDED:
        return SUCCEEDED
    runs = [view.run(model) for model in view.request.image_models]
    if all(run is not None and run.status is RunStatus.SUCCEEDED for run in runs):
        return SUCCEEDED
    return SOME if any(run is not None and run.images for run in runs) else NONE


def _print_document(view: FlowView) -> None:
    click.echo(json.dumps(render_document(view), ensure_ascii=False, indent=2))


def _complain(message: str, code: int) -> int:
    click.echo(printable(message), err=True)
    return code
