"""One generation as one JSON document: what ``generate --json`` and ``show --json`` print. Floor 7."""

from collections.abc import Callable, Mapping
from dataclasses import asdict
from types import MappingProxyType

from promptflow.records import Asset, Fault, ImageParameters, Labels, Stage
from promptflow.view import FlowView, ImageView, RunView, StageView

_STAGE_ORDER = list(Stage)


_Link = Callable[[Asset], str] | None
"""Makes the address of a picture."""


def render_document(
    view: FlowView,
    *,
    labels: Mapping[str, Labels] = MappingProxyType({}),
    link: _Link = None,
) -> dict[str, object]:
    """Render a generation for programs.

    Args:
        view: the fold over its events.
        labels: id of the generation or of one of its pictures → what a person wrote on it; nothing
            where it is left out.
        link: makes the address of a picture, which then has a ``url``; ``None`` leaves it out.

    Returns:
        Plain values fit for `json.dumps`. Stages are in the order of `Stage`, prompt constructions
        and runs in the order the image models were chosen. Money is in US dollars and usage in tokens,
        ``null`` where unknown; durations are in milliseconds, ``null`` while running.
    """
    models = view.request.image_models

    def place(image_model: str | None) -> int:
        return models.index(image_model) if image_model in models else len(models)

    stages = sorted(
        view.stages, key=lambda one: (_STAGE_ORDER.index(one.stage), place(one.image_model))
    )
    runs = sorted(view.runs, key=lambda one: (place(one.image_model), one.version))
    return {
        "generation_id": view.generation_id,
        **_labels(labels.get(view.generation_id)),
        "parent_id": view.parent_id,
        "forked_at": view.forked_at,
        "status": view.status,
        "cost_usd": _usd(view.cost_micro_usd),
        "estimate_usd": _usd(view.request.estimate_micro_usd),
        "references": [_asset(asset, link) for asset in view.references],
        "stages": [_stage(stage) for stage in stages],
        "runs": [_run(run, labels, link) for run in runs],
    }


def _stage(stage: StageView) -> dict[str, object]:
    return {
        "stage_id": stage.stage_id,
        "stage": stage.stage,
        "image_model": stage.image_model,
        "model": stage.model,
        "reused_from": stage.reused_from,
        "edited": stage.edited,
        "status": stage.status,
        "attempts": stage.attempt,
        "reasoning": stage.reasoning,
        "output": stage.output,
        "first_token_ms": stage.first_token_ms,
        "total_ms": stage.total_ms,
        "usage": asdict(stage.usage),
        "cost_usd": _usd(stage.cost_micro_usd),
        "price_source": stage.price_source,
        "price_date": stage.price_date.isoformat() if stage.price_date else None,
        "error": _fault(stage.fault),
    }


def _labels(labels: Labels | None) -> dict[str, object]:
    if labels is None:
        return {"title": "", "note": "", "tags": []}
    return {"title": labels.title, "note": labels.note, "tags": list(labels.tags)}


def _run(run: RunView, labels: Mapping[str, Labels], link: _Link) -> dict[str, object]:
    return {
        "run_id": run.run_id,
        "image_model": run.image_model,
        "provider": run.provider,
        "version": run.version,
        "parent_run_id": run.parent_run_id,
        "status": run.status,
        "attempts": run.attempt,
        "images_asked": run.wanted,
        "seed": run.seed,
        "parameters": _parameters(run.parameters),
        "prompt_id": run.prompt_id,
        "prompt": run.prompt,
        "prompt_origin": run.prompt_origin,
        "parent_prompt_id": run.parent_prompt_id,
        "stage_id": run.stage_id,
        "error": _fault(run.fault),
        "images": [_image(image, labels, link) for image in run.images],
        "total_ms": run.total_ms,
        "usage": asdict(run.usage),
        "cost_usd": _usd(run.cost_micro_usd),
        "price_source": run.price_source,
        "price_date": run.price_date.isoformat() if run.price_date else None,
    }


def _image(image: ImageView, labels: Mapping[str, Labels], link: _Link) -> dict[str, object]:
    return {
        **_asset(image.asset, link),
        **_labels(labels.get(image.asset.asset_id)),
        "resolved": _parameters(image.resolved) if image.resolved else {},
        "seed": image.seed,
    }


def _asset(asset: Asset, link: _Link) -> dict[str, object]:
    facts: dict[str, object] = {
        "asset_id": asset.asset_id,
        "key": asset.key,
        "sha256": asset.sha256,
        "mime": asset.mime,
        "width_px": asset.width_px,
        "height_px": asset.height_px,
        "size_bytes": asset.size_bytes,
    }
    return facts if link is None else facts | {"url": link(asset)}


def _parameters(parameters: ImageParameters) -> dict[str, object]:
    """Render what was asked for, or told; what was left open is left out."""
    return {name: value for name, value in asdict(parameters).items() if value is not None}


def _fault(fault: Fault | None) -> dict[str, object] | None:
    """Render a failure; what the provider did not tell is left out."""
    if fault is None:
        return None
    told = {
        "code": fault.code,
        "message": fault.message,
        "category": fault.category,
        "http_status": fault.http_status,
        "request_id": fault.request_id,
    }
    return {name: value for name, value in told.items() if value is not None}


def _usd(micro_usd: int | None) -> float | None:
    """Micro-dollars as dollars; a float is exact enough to print six decimals."""
    return None if micro_usd is None else micro_usd / 1_000_000
