"""The command line: the same use cases without a browser. Floor 8.

What people read goes to stderr, what programs read to stdout. Exit codes of ``generate``: 0 every
picture came, 3 some did, 1 none did, 2 the request can't be carried out as asked.
"""

import json
import os
import re
import signal
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from threading import Event as Flag
from types import FrameType
from typing import Literal, TextIO

import click

from promptflow import __version__
from promptflow.backups import Snapshot
from promptflow.bundles import export_bundle, import_bundle
from promptflow.catalog import Catalog, check_parameters
from promptflow.catalog.excerpts import excerpt
from promptflow.clock import Clock
from promptflow.doctor import examine
from promptflow.document import render_document
from promptflow.errors import InputError, PromptflowError, UnknownGenerationError
from promptflow.housekeeping import Tidied
from promptflow.inventory import Moved
from promptflow.laboratory import Laboratory, make_laboratory, open_laboratory
from promptflow.listing import list_models, render_models, tell_models
from promptflow.options import read_parameters, read_references, suggest_naming
from promptflow.ports import Reference
from promptflow.records import GenerationRequest, GenerationStatus, ImageParameters, RunStatus
from promptflow.settings import ROOT, Settings, gather_variables, read_settings
from promptflow.transcript import Transcript, printable
from promptflow.view import FlowView
from promptflow.wording import count, format_size

SUCCEEDED, NONE, BAD_INPUT, SOME, STOPPED = 0, 1, 2, 3, 130
_NAME = "python -m promptflow"
_CHECK_ID = "Check the id, which `generate` tells first, and PROMPTFLOW_DATA_DIR if it is set."
_POLL_S = 0.1
"""Seconds between two looks at whether Ctrl-C was pressed."""
_MISLEADING = re.compile("[\x7f-\x9f\u2028-\u202e\u2066-\u2069]")
"""What JSON lets through and a terminal may obey: further controls, line ends, changes of direction."""

OpenLaboratory = Callable[[Settings], Laboratory]


class _OutputLostError(Exception):
    """Stdout took no more.

    Args:
        said: one sentence; empty where its reader has gone, and nobody is to be told.
    """

    def __init__(self, said: str) -> None:
        super().__init__(said)
        self.said = said


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
        return _complain(_explain_usage(error), BAD_INPUT)
    except (InputError, UnknownGenerationError) as error:
        return _complain(_explain_input(error), BAD_INPUT)
    except PromptflowError as error:
        return _complain(error.message, NONE)
    except (click.Abort, KeyboardInterrupt):
        return _complain("Stopped at once; what was under way will read as interrupted.", STOPPED)
    except _OutputLostError as error:
        return _complain(error.said, NONE) if error.said else NONE
    return code if isinstance(code, int) else SUCCEEDED


@click.group(
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    no_args_is_help=False,
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
    help="An image model; give it several times for several. Default: two recommended ones.",
)
@click.option("--text-model", metavar="ID", help="The text model. Default: a recommended one.")
@click.option("--aspect-ratio", default="1:1", show_default=True, metavar="R", help="Like 16:9.")
@click.option("--images", default=1, show_default=True, metavar="N", help="Per model, 1 to 4.")
@click.option("--seed", type=int, metavar="N", help="For the models that have one.")
@click.option(
    "--reference",
    "references",
    multiple=True,
    metavar="FILE",
    help="A PNG, JPEG or WebP to go by; give it several times for several, up to 8.",
)
@click.option(
    "--parameter",
    "parameters",
    multiple=True,
    metavar="[MODEL:]NAME=VALUE",
    help="Like quality=high; for one image model only with its ID in front. `models` lists them.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document to stdout.")
@click.pass_obj
def generate(
    open_lab: OpenLaboratory,
    request: str,
    image_models: tuple[str, ...],
    text_model: str | None,
    aspect_ratio: str,
    images: int,
    seed: int | None,
    references: tuple[str, ...],
    parameters: tuple[str, ...],
    *,
    as_json: bool,
) -> int:
    """Turn REQUEST into pictures.

    The stages are told on stderr as they happen. Ctrl-C finishes what is paid for and starts nothing
    more; a second one stops at once.
    """
    with _laboratory(open_lab) as lab:
        catalog = lab.catalog
        if text_model is None:
            text_model = catalog.default_text_model(lab.available(catalog.text_models))
        painters = image_models or catalog.default_image_models(lab.available(catalog.image_models))
        pictures = read_references(references)
        asked = read_parameters(parameters, painters)
        able = partial(_find_able, catalog, asked, painters, aspect_ratio, len(pictures))
        with _naming_suggested(parameters, able):
            checked = lab.check(
                request=request,
                image_models=painters,
                text_model=text_model,
                aspect_ratio=aspect_ratio,
                images_per_model=images,
                seed=seed,
                parameters=asked,
                references=len(pictures),
            )
        view = _carry_out(lab, checked, pictures)
        if as_json:
            _print_json(render_document(view))
        _settle(lab)
        return _exit_code(view)


@cli.command()
@click.argument("generation_id")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document to stdout.")
@click.option(
    "--links", is_flag=True, help="With --json: give each picture a freshly signed `url`."
)
@click.pass_obj
def show(open_lab: OpenLaboratory, generation_id: str, *, as_json: bool, links: bool) -> int:
    """Show the generation GENERATION_ID as the ledger has it."""
    with _laboratory(open_lab) as lab:
        if links and not as_json:
            raise InputError("links", "--links goes with --json; write both.")
        view = lab.look_up(generation_id)[1]
        if as_json:
            _print_json(render_document(view, link=lab.archive.find_address if links else None))
        else:
            transcript = Transcript(_print, lab.name_of, lab.sees_references)
            for event in lab.read_events(generation_id):
                transcript.take(event)
        return SUCCEEDED


@cli.command()
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document to stdout.")
@click.pass_obj
def models(open_lab: OpenLaboratory, *, as_json: bool) -> int:
    """List the models: their prices, what they take, and why some can't be used now."""
    with _laboratory(open_lab) as lab:
        lines = list_models(lab)
        if as_json:
            _print_json(render_models(lines))
        else:
            _print("".join(tell_models(lines, partial(click.style, strikethrough=True))))
        return SUCCEEDED


@cli.command()
@click.argument("generation_ids", metavar="GENERATION_ID...", nargs=-1, required=True)
@click.option("--out", required=True, metavar="FILE", help="A new file, like bundle.zip.")
@click.pass_obj
def export(open_lab: OpenLaboratory, generation_ids: tuple[str, ...], out: str) -> int:
    """Write generations into one zip file: pictures, ledger rows and a page to read."""
    with _laboratory(open_lab) as lab:
        done = export_bundle(
            generation_ids,
            _read_path("out", out),
            ledger=lab.ledger,
            read_picture=lab.read_picture,
            clock=Clock(),
        )
    _tell(
        f"Exported {count(done.generations, 'generation')} with {count(done.pictures, 'picture')}, "
        f"{format_size(done.size_bytes)}, to {out!r}.\n"
    )
    return SUCCEEDED


@cli.command("import")
@click.argument("bundle")
@click.pass_obj
def import_(open_lab: OpenLaboratory, bundle: str) -> int:
    """Take in the generations of a zip file that `export` wrote; those that are there are left alone."""
    with _laboratory(open_lab) as lab:
        lab.open(make=True)
        store = lab.archive.store
        done = import_bundle(_read_path("bundle", bundle), ledger=lab.ledger, store=store)
        _settle(lab)
    known = (
        f" {done.known:,} {'was' if done.known == 1 else 'were'} there already."
        if done.known
        else ""
    )
    _tell(
        f"Imported {count(done.generations, 'generation')} with {count(done.pictures, 'picture')}."
        f"{known}\n"
    )
    return SUCCEEDED


@cli.command()
@click.pass_obj
def sync(open_lab: OpenLaboratory) -> int:
    """Upload what waits in the outbox, and mend what doesn't fit together."""
    with _laboratory(open_lab) as lab:
        done = lab.archive.sync(_tell_progress)
    told = [f"{count(done.tidied.uploads, 'object')} uploaded"]
    if done.tidied.thumbnails:
        told.append(f"{count(done.tidied.thumbnails, 'thumbnail')} made")
    if done.mended:
        told.append(f"{count(done.mended, 'object')} put in order")
    _tell(f"{', '.join(told)}.\n")
    if done.tidied.trouble:
        _tell(f"{done.tidied.trouble.message}\n")
    if done.left.missing:
        _tell(
            f"{count(len(done.left.missing), 'picture')} recorded but nowhere to be found, the first "
            f"is {done.left.missing[0].key!r}. Bring them back from a backup.\n"
        )
    return NONE if done.tidied.trouble or done.left.missing else SUCCEEDED


@cli.command("migrate-storage")
@click.option(
    "--to", type=click.Choice(["b2", "local"]), required=True, help="Where all pictures go."
)
@click.pass_obj
def migrate_storage(open_lab: OpenLaboratory, to: Literal["b2", "local"]) -> int:
    """Move all pictures to one place; broken off, it goes on where it stopped."""

    def tell(moved: Moved) -> None:
        _tell_line(f"{count(moved.pictures, 'object')}, {format_size(moved.size_bytes)}")

    with _laboratory(open_lab) as lab:
        moved = lab.archive.move(to, tell)
    _tell(f"{count(moved.pictures, 'object')}, {format_size(moved.size_bytes)}, moved to {to}.\n")
    if moved.failed:
        _tell(f"{count(moved.failed, 'object')} stayed where they were. {moved.trouble}\n")
    return NONE if moved.failed else SUCCEEDED


@cli.command()
@click.pass_obj
def backup(open_lab: OpenLaboratory) -> int:
    """Save the ledger to the bucket now."""
    with _laboratory(open_lab) as lab:
        saved = lab.archive.back_up()
    if saved is None:
        _tell("Nothing is recorded yet, so nothing was saved.\n")
    else:
        _tell(f"Saved {saved.key}, {format_size(saved.size_bytes)}.\n")
    return SUCCEEDED


@cli.command()
@click.argument("snapshot", required=False)
@click.option("--list", "lists", is_flag=True, help="Only list the snapshots, newest first.")
def restore(snapshot: str | None, *, lists: bool) -> int:
    """Bring the ledger back from SNAPSHOT, or else from the newest one.

    A ledger that is there is moved aside; one that is newer is left where it is.
    """
    archive = make_laboratory(_settings()).archive
    found = archive.list_snapshots()
    if lists:
        lines = (f"{one.key}  {format_size(one.size_bytes)}\n" for one in found)
        _print("".join(lines))
        return SUCCEEDED
    chosen = _choose_snapshot(found, snapshot)
    aside = archive.restore(chosen)
    _tell(f"Restored {chosen.key}.\n")
    if aside:
        _tell(f"The ledger that was there is now {str(aside)!r}.\n")
    return SUCCEEDED


@cli.command()
@click.option("--prune", is_flag=True, help="Remove what is stored and not recorded, for good.")
def doctor(*, prune: bool) -> int:
    """Check the database, the storage, the pictures, the catalogue and the keys."""
    findings = examine(_settings(), prune=prune)
    for finding in findings:
        mark = click.style("ok  ", fg="green") if finding.fine else click.style("bad ", fg="red")
        _print(f"{mark} {finding.what}: {finding.said}\n")
    return SUCCEEDED if all(finding.fine for finding in findings) else NONE


def _choose_snapshot(found: Sequence[Snapshot], key: str | None) -> Snapshot:
    if not found:
        raise InputError("snapshot", "There is no snapshot in the bucket. `backup` makes one.")
    chosen = next((one for one in found if key in {None, one.key}), None)
    if chosen is None:
        message = (
            f"There is no snapshot {excerpt(key)}. `restore --list` lists those that are there."
        )
        raise InputError("snapshot", message)
    return chosen


def _settle(lab: Laboratory) -> None:
    """Do before the process ends what a server would do in the background, and say what is left."""
    try:
        done = lab.archive.settle()
    except PromptflowError as error:
        _tell(f"\n{printable(error.message)}\n")
        return
    waiting = lab.ledger.read_waiting()
    if done.trouble and waiting.pictures:
        _tell(
            f"\n{count(waiting.pictures, 'object')} kept in the outbox, to be uploaded later: "
            f"{printable(done.trouble.message)}\n"
        )


def _tell_progress(done: Tidied) -> None:
    _tell_line(f"{count(done.uploads, 'object')} uploaded")


def _tell_line(text: str) -> None:
    """Write over the line before, where someone watches."""
    if sys.stderr.isatty():
        _tell(f"\r{text}\x1b[K")


def _read_path(field: str, given: str) -> Path:
    """Read a path; the system takes no NUL, and an empty one would be this folder."""
    if not given or "\0" in given:
        raise InputError(field, f"{given!r} is no path of a file. Give one like 'bundle.zip'.")
    return Path(given)


def _settings() -> Settings:
    return read_settings(gather_variables(os.environ, dotenv=ROOT / ".env"))


@contextmanager
def _laboratory(open_lab: OpenLaboratory) -> Iterator[Laboratory]:
    lab = open_lab(_settings())
    try:
        yield lab
    except KeyboardInterrupt:
        # To close would be to say that what is under way is finished. The kernel lets go of the folder.
        raise
    except BaseException:
        lab.close(timeout_s=0)
        raise
    lab.close(timeout_s=0)


@contextmanager
def _naming_suggested(
    parameters: Sequence[str], able: Callable[[], Sequence[str]]
) -> Iterator[None]:
    """Let an error that a parameter brings about say which models could be asked for it."""
    try:
        yield
    except InputError as error:
        raise suggest_naming(error, parameters, able) from error


def _find_able(
    catalog: Catalog,
    asked: Mapping[str, ImageParameters],
    image_models: Sequence[str],
    aspect_ratio: str,
    references: int,
) -> list[str]:
    """Return those of the chosen image models that take what is asked of them."""
    able = []
    for model_id in image_models:
        with suppress(InputError):
            check_parameters(
                catalog.image_model(model_id),
                asked[model_id],
                aspect_ratio=aspect_ratio,
                references=references,
            )
            able.append(model_id)
    return able


def _carry_out(
    lab: Laboratory, request: GenerationRequest, references: Sequence[Reference]
) -> FlowView:
    """Start a flow, tell it on stderr until its end, and read it back from the ledger."""
    transcript = Transcript(_tell, lab.name_of, lab.sees_references)
    with _first_interrupt() as pressed:
        generation_id = lab.start(request, references)
        flow = lab.find_flow(generation_id)
        heard = False
        # One that is over by now is told from the ledger.
        for batch in flow.follow(timeout_s=_POLL_S) if flow else [lab.read_events(generation_id)]:
            if pressed.is_set() and not heard:
                heard = True
                lab.cancel(generation_id)
                _tell("\nCancelling: finishing what is paid for. Ctrl-C again stops at once.\n")
            for event in batch:
                transcript.take(event)
    return lab.look_up(generation_id)[1]


@contextmanager
def _first_interrupt() -> Iterator[Flag]:
    """Take the first Ctrl-C as a wish to end well; the second stops at once.

    Yields:
        Whether it was pressed. The handler does no more than to set this: it may come in the middle
        of anything, also of a write to the very stream it would like to write to.
    """
    pressed = Flag()
    before = signal.getsignal(signal.SIGINT)

    def handle(_number: int, _frame: FrameType | None) -> None:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        pressed.set()

    signal.signal(signal.SIGINT, handle)
    try:
        yield pressed
    finally:
        signal.signal(signal.SIGINT, before)


def _exit_code(view: FlowView) -> int:
    if view.status is GenerationStatus.SUCCEEDED:
        return SUCCEEDED
    runs = [view.run(model) for model in view.request.image_models]
    if all(run is not None and run.status is RunStatus.SUCCEEDED for run in runs):
        return SUCCEEDED
    return SOME if any(run is not None and run.images for run in runs) else NONE


def _print_json(document: object) -> None:
    text = json.dumps(document, ensure_ascii=False, indent=2)
    text = _MISLEADING.sub(lambda sign: f"\\u{ord(sign[0]):04x}", text)
    # JSON is UTF-8, whatever the terminal is.
    _print(f"{text}\n".encode())


def _print(text: str | bytes) -> None:
    """Write to stdout, for programs and for whoever asked to be shown something."""
    try:
        click.echo(text, nl=False)
    except OSError as error:
        _silence(sys.stdout)
        said = f"The output can't be written ({error.strerror}). Send it somewhere else."
        raise _OutputLostError("" if isinstance(error, BrokenPipeError) else said) from error


def _tell(text: str) -> None:
    """Write to stderr, for people; a flow that is paid for goes on when nobody listens any more."""
    try:
        click.echo(text, nl=False, err=True)
    except OSError:
        _silence(sys.stderr)


def _silence(stream: TextIO) -> None:
    """Let what a broken stream still holds go nowhere: Python tries again, and complains, at its end."""
    with suppress(OSError, ValueError), Path(os.devnull).open("wb") as nowhere:
        os.dup2(nowhere.fileno(), stream.fileno())


def _complain(message: str, code: int) -> int:
    """Say what is wrong in one line, whatever was typed into it."""
    _tell(" ".join(printable(message).splitlines()) + "\n")
    return code


def _explain_input(error: InputError | UnknownGenerationError) -> str:
    if isinstance(error, InputError):
        return error.message
    return error.message.removesuffix(error.advice) + _CHECK_ID


def _explain_usage(error: click.UsageError) -> str:
    said = error.format_message()
    command = error.ctx.command_path if error.ctx else _NAME
    return f"{said}{'' if said.endswith(('.', '?')) else '.'} See `{command} --help`."
