"""Commands that make generations and show them."""

import signal
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from threading import Event as Flag
from types import FrameType

import click

from promptflow.catalog import Catalog, check_parameters
from promptflow.cli.group import NONE, SOME, SUCCEEDED, OpenLaboratory, cli, laboratory
from promptflow.cli.streams import print_, print_json, tell
from promptflow.cli.uploads import settle
from promptflow.document import render_document
from promptflow.errors import InputError
from promptflow.events import Event, FlowResumed
from promptflow.laboratory import Laboratory
from promptflow.listing import list_models, render_models, tell_models
from promptflow.options import (
    read_parameters,
    read_references,
    read_stage_texts,
    suggest_naming,
)
from promptflow.records import (
    Asset,
    GenerationStatus,
    ImageParameters,
)
from promptflow.transcript import Transcript
from promptflow.view import FlowView
from promptflow.wording import name_picture

_POLL_S = 0.1
"""Seconds between two looks at whether Ctrl-C was pressed."""


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
@click.option(
    "--baseline", is_flag=True, help="Have each image model also paint the request unchanged."
)
@click.option(
    "--instructions",
    "instructions",
    multiple=True,
    metavar="STAGE=FILE",
    help="A text to tell a stage instead of the shipped one, like thinking=mine.md.",
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
    instructions: tuple[str, ...],
    *,
    baseline: bool,
    as_json: bool,
) -> int:
    """Turn REQUEST into pictures.

    The stages are told on stderr as they happen. Ctrl-C finishes what is paid for and starts nothing
    more; a second one stops at once.
    """
    with laboratory(open_lab) as lab:
        catalog = lab.catalog
        if text_model is None:
            text_model = catalog.default_text_model(lab.models.available(catalog.text_models))
        painters = image_models or catalog.default_image_models(
            lab.models.available(catalog.image_models)
        )
        pictures = read_references(references)
        asked = read_parameters(parameters, painters)
        told = read_stage_texts(instructions)
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
                baseline=baseline,
                instructions=told,
            )
        return _carry_out(lab, partial(lab.start, checked, pictures), as_json=as_json)


@cli.command()
@click.argument("generation_id")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document to stdout.")
@click.pass_obj
def resume(open_lab: OpenLaboratory, generation_id: str, *, as_json: bool) -> int:
    """Retry what failed, was refused, cancelled or interrupted in GENERATION_ID.

    What is finished stays as it is and isn't asked for again. All else is as with `generate`.
    """
    with laboratory(open_lab) as lab:
        start = partial(lab.resume, generation_id, lab.iterations.retry)
        return _carry_out(lab, start, as_json=as_json)


@cli.command()
@click.argument("generation_id")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document to stdout.")
@click.option(
    "--links", is_flag=True, help="With --json: give each picture a freshly signed `url`."
)
@click.pass_obj
def show(open_lab: OpenLaboratory, generation_id: str, *, as_json: bool, links: bool) -> int:
    """Show the generation GENERATION_ID as the ledger has it."""
    with laboratory(open_lab) as lab:
        if links and not as_json:
            raise InputError("links", "--links goes with --json; write both.")
        view = lab.look_up(generation_id)[1]
        if as_json:
            labels = lab.organiser.read_all_labels(view.generation_id)
            link = _find_addresses(lab, view) if links else None
            print_json(render_document(view, labels=labels, link=link))
        else:
            transcript = Transcript(print_, lab.models.name_of, lab.models.sees_references)
            for event in lab.read_events(generation_id):
                transcript.take(event)
        return SUCCEEDED


def _find_addresses(lab: Laboratory, view: FlowView) -> Callable[[Asset], str]:
    """Make what returns the address of a picture, under the name it is to be saved by."""
    names = {
        asset.asset_id: f"reference-{number}.{_extension(asset)}"
        for number, asset in enumerate(view.references, start=1)
    }
    for run in view.runs:
        for image in run.images:
            names[image.asset.asset_id] = name_picture(
                view.request.request,
                run.image_model,
                number=image.index + 1,
                extension=_extension(image.asset),
            )
    return lambda asset: lab.archive.find_address(asset, filename=names[asset.asset_id])


def _extension(asset: Asset) -> str:
    return asset.key.rpartition(".")[-1]


@cli.command()
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document to stdout.")
@click.pass_obj
def models(open_lab: OpenLaboratory, *, as_json: bool) -> int:
    """List the models: their prices, what they take, and why some can't be used now."""
    with laboratory(open_lab) as lab:
        lines = list_models(lab)
        if as_json:
            print_json(render_models(lines))
        else:
            print_("".join(tell_models(lines, partial(click.style, strikethrough=True))))
        return SUCCEEDED


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


def _carry_out(lab: Laboratory, start: Callable[[], str], *, as_json: bool) -> int:
    """Carry a flow out, print what has become of it, and return the exit code."""
    view = _follow(lab, start)
    if as_json:
        print_json(render_document(view, labels=lab.organiser.read_all_labels(view.generation_id)))
    settle(lab)
    return _exit_code(view)


def _follow(lab: Laboratory, start: Callable[[], str]) -> FlowView:
    """Start a flow, tell it on stderr until its end, and read it back from the ledger."""
    transcript = Transcript(tell, lab.models.name_of, lab.models.sees_references)
    with _first_interrupt() as pressed:
        generation_id = start()
        flow = lab.find_flow(generation_id)
        heard = False
        # One that is over by now is told from the ledger.
        for batch in flow.follow(timeout_s=_POLL_S) if flow else [lab.read_events(generation_id)]:
            if pressed.is_set() and not heard:
                heard = True
                lab.cancel(generation_id)
                tell("\nCancelling: finishing what is paid for. Ctrl-C again stops at once.\n")
            for event in _leave_past_out(batch):
                transcript.take(event)
    return lab.look_up(generation_id)[1]


def _leave_past_out(batch: Sequence[Event]) -> Sequence[Event]:
    """Return what happens since a generation was resumed; its followers are told of all before at once."""
    resumed = (at for at, event in enumerate(batch) if isinstance(event, FlowResumed))
    return batch[next(resumed, 0) :]


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
    if all(map(view.has_delivered, view.request.image_models)):
        return SUCCEEDED
    return SOME if any(run.images for run in view.runs) else NONE
