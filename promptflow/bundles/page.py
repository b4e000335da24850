"""A bundle as a page: read in any browser, from a folder, with nothing around it.

Whatever people and models wrote is escaped text. The page runs no script, and its policy lets it load
nothing but its own pictures.
"""

import base64
import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict
from html import escape
from urllib.parse import quote

from promptflow.bundles.manifest import IMAGES
from promptflow.records import Asset, Fault, GenerationRequest, ImageParameters, Stage
from promptflow.view import FlowView, RunView, StageView
from promptflow.wording import format_duration, format_size, format_usd

_TITLES = {
    Stage.ACTION_PLAN: "Action plan",
    Stage.THINKING: "Thinking",
    Stage.PROMPT_CONSTRUCTION: "Prompt",
}

_STYLE = """
:root { color-scheme: light dark }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem }
h1 { font-size: 1.5rem } h2 { font-size: 1.25rem; margin-top: 2rem } h3 { font-size: 1rem }
article { border-top: 2px solid; padding-top: 1rem; margin-top: 3rem }
.text { white-space: pre-wrap; overflow-wrap: anywhere; unicode-bidi: plaintext; font: inherit }
.idea { font-size: 1.25rem } .facts { opacity: .75; font-size: .875rem }
.pictures { display: flex; flex-wrap: wrap; gap: 1rem } figure { margin: 0; max-width: 100% }
img { max-width: 100%; max-height: 40rem; width: auto; height: auto; display: block }
"""
_POLICY = (
    "default-src 'none'; img-src 'self'; base-uri 'none'; form-action 'none'; style-src "
    f"'sha256-{base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()}'"
)


def render_page(views: Iterable[FlowView]) -> str:
    """Render generations as one HTML page.

    Args:
        views: the folds over their events, finished.

    Returns:
        HTML that stands beside the folder of the pictures.
    """
    articles = "".join(part for view in views for part in _generation(view))
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">\n'
        '<meta name="referrer" content="no-referrer">\n'
        '<meta name="viewport" content="width=device-width">\n'
        f"<title>Prompt Flow</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n"
        f"<h1>Prompt Flow</h1>\n{articles}</body>\n</html>\n"
    )


def _generation(view: FlowView) -> Iterator[str]:
    started = f"{view.started_at:%Y-%m-%d %H:%M:%S} UTC"
    yield f'<article id="{escape(view.generation_id)}">\n<h2>Idea</h2>\n'
    yield _text(view.request.request, "text idea")
    yield _facts(
        f"Generation {view.generation_id}",
        started,
        view.status,
        format_duration(view.total_ms),
        format_usd(view.cost_micro_usd),
        *_asked(view.request),
    )
    yield _fault(view.fault)
    if view.references:
        yield "<h2>Reference images</h2>\n"
        yield _pictures(view.references, "Reference image")
    for stage in view.stages:
        yield from _stage(stage)
    for run in view.runs:
        yield from _run(run)
    yield "</article>\n"


def _asked(request: GenerationRequest) -> Iterator[str]:
    yield f"text model {request.text_model}"
    yield f"aspect ratio {request.aspect_ratio}"
    if request.seed is not None:
        yield f"seed {request.seed}"


def _stage(stage: StageView) -> Iterator[str]:
    title = _TITLES[stage.stage]
    if stage.image_model is not None:
        title += f" for {stage.image_model}"
    yield f"<h2>{escape(title)}</h2>\n"
    if stage.plan:
        for name, value in asdict(stage.plan).items():
            yield f"<h3>{escape(name.replace('_', ' ').capitalize())}</h3>\n"
            yield _text(value if isinstance(value, str) else "\n".join(value))
    else:
        yield _text(stage.output)
    if stage.reasoning:
        yield "<h3>Reasoning</h3>\n"
        yield _text(stage.reasoning)
    took, cost = format_duration(stage.total_ms), format_usd(stage.cost_micro_usd)
    yield _facts(stage.model, stage.status, took, cost)
    yield _fault(stage.fault)


def _run(run: RunView) -> Iterator[str]:
    yield f"<h2>Pictures by {escape(run.image_model)}</h2>\n"
    yield _pictures((image.asset for image in run.images), f"Picture by {run.image_model}")
    yield f"<h3>Prompt, {escape(run.prompt_origin)}</h3>\n"
    yield _text(run.prompt)
    yield _facts(
        f"Run {run.run_id}",
        f"version {run.version}",
        run.provider,
        run.status,
        format_duration(run.total_ms),
        format_usd(run.cost_micro_usd),
        *_parameters("", run.parameters),
    )
    for image in run.images:
        if image.resolved or image.seed is not None:
            seed = [f"seed {image.seed}"] if image.seed is not None else []
            resolved = _parameters("resolved ", image.resolved or ImageParameters())
            yield _facts(f"Picture {image.index + 1}", *seed, *resolved)
    yield _fault(run.fault)


def _parameters(before: str, parameters: ImageParameters) -> Iterator[str]:
    told: Mapping[str, object] = asdict(parameters)
    for name, value in told.items():
        if value is not None:
            yield f"{before}{name} {value}"


def _pictures(assets: Iterable[Asset], said: str) -> str:
    figures = "".join(_picture(asset, said) for asset in assets)
    return f'<div class="pictures">\n{figures}</div>\n'


def _picture(asset: Asset, said: str) -> str:
    size = f"{asset.width_px} × {asset.height_px} px, {format_size(asset.size_bytes)}"
    source = escape(quote(f"{IMAGES}{asset.key}"))
    shape = f'width="{asset.width_px}" height="{asset.height_px}"'
    return (
        f'<figure><img src="{source}" alt="{escape(said)}" {shape}>'
        f'<figcaption class="facts">{escape(size)}</figcaption></figure>\n'
    )


def _facts(*facts: str) -> str:
    return f'<p class="facts">{escape(" · ".join(facts))}</p>\n'


def _fault(fault: Fault | None) -> str:
    return _text(fault.message) if fault else ""


def _text(text: str, kind: str = "text") -> str:
    return f'<p class="{kind}" dir="auto">{escape(text)}</p>\n'
