"""The small print of a node: what it took and cost, what was asked and told, its attempts and ids."""

from collections.abc import Sequence
from dataclasses import asdict, fields
from datetime import datetime

import streamlit as st

from promptflow.errors import RefusedError
from promptflow.events import (
    ImageReady,
    RunFailed,
    RunFinished,
    RunRetrying,
    StageFailed,
    StageFinished,
    StageRetrying,
)
from promptflow.records import Asset, Fault, ImageParameters, PromptOrigin, Usage
from promptflow.ui.labels import REFUSED_ICON, join_facts
from promptflow.ui.plain import as_label, as_markdown, as_message
from promptflow.wording import format_duration, format_size, format_usd

ORIGIN_WORDS = {
    PromptOrigin.CONSTRUCTED: "written by the text model for this image model",
    PromptOrigin.FALLBACK: "built from the plan by rule",
    PromptOrigin.EDITED: "edited by you",
    PromptOrigin.RAW: "the request unchanged",
}
_PLACE_WORDS = {
    "local": "on this machine",
    "outbox": "on this machine, to be uploaded",
    "b2": "in the bucket",
}
_USAGE_WORDS = {
    "input_tokens": "in",
    "cached_tokens": "of them from a cache",
    "cache_write_tokens": "of them to a cache",
    "input_image_tokens": "of them of pictures",
    "output_tokens": "out",
    "thinking_tokens": "of them for thinking",
    "output_image_tokens": "of them for pictures",
}


def draw_facts(facts: Sequence[tuple[str, str]]) -> None:
    """Draw facts, each under its name, as many side by side as there is room for.

    Args:
        facts: (name, value); a value may be anything.
    """
    with st.container(horizontal=True, gap="small"):
        for name, value in facts:
            st.markdown(
                f":gray[:small[{as_label(name)}]]  \n{as_label(value, limit=300)}", width="content"
            )


def draw_ids(ids: Sequence[tuple[str, str]]) -> None:
    """Draw ids so that they can be copied, folded away.

    Args:
        ids: (what it is the id of, the id).
    """
    with st.expander("Ids", icon=":material/fingerprint:", type="compact"):
        for name, value in ids:
            st.caption(as_label(name))
            st.code(value, language=None, wrap_lines=True)


def draw_fault(fault: Fault) -> None:
    """Draw what failed, with what the provider told of it."""
    if fault.code == RefusedError.code:
        st.warning(as_message(fault.message), title="Refused", icon=REFUSED_ICON)
    else:
        st.error(as_message(fault.message), icon=":material/error:")
    st.caption(as_markdown(join_facts(_fault_facts(fault))))


def draw_attempts(retries: Sequence[StageRetrying | RunRetrying], last: int) -> None:
    """Draw the attempts that failed and the waits after them; nothing where the first was enough.

    Args:
        retries: by number.
        last: the number of the attempt that ended it, or that is under way.
    """
    if not retries:
        return
    with st.container(border=True, gap="xsmall"):
        for retry in retries:
            st.markdown(f"**Attempt {retry.attempt}** failed at {moment_words(retry.at)}")
            st.text(retry.fault.message)
            facts = [*_fault_facts(retry.fault), f"then a wait of {retry.wait_s:.1f} s"]
            st.caption(as_markdown(join_facts(facts)))
        if last > retries[-1].attempt:
            st.markdown(f"**Attempt {last}** is the one told of here")


def bill_facts(
    closed: StageFinished | StageFailed | RunFinished | RunFailed,
) -> list[tuple[str, str]]:
    """List what a stage or run took and cost, and by which price."""
    facts = [("Took", format_duration(closed.total_ms or None))]
    if closed.usage != Usage():
        facts.append(("Tokens", _usage_words(closed.usage)))
    facts.append(("Cost", format_usd(closed.cost_micro_usd)))
    if closed.price_source:
        day = f", read {closed.price_date:%Y-%m-%d}" if closed.price_date else ""
        facts.append(("Price from", f"{closed.price_source}{day}"))
    return facts


def asset_facts(asset: Asset) -> list[tuple[str, str]]:
    """List what a stored picture is."""
    return [
        ("Pixels", f"{asset.width_px} × {asset.height_px}"),
        ("File", f"{asset.mime}, {format_size(asset.size_bytes)}"),
        ("Kept", _PLACE_WORDS.get(asset.backend, asset.backend)),
    ]


def asset_ids(asset: Asset) -> list[tuple[str, str]]:
    """List what a stored picture is known by."""
    return [("Asset", asset.asset_id), ("Key", asset.key), ("SHA-256", asset.sha256)]


def parameter_words(parameters: ImageParameters) -> str:
    """Say what was asked for or told, e.g. ``quality high, size 2K``."""
    told = {name: value for name, value in asdict(parameters).items() if value is not None}
    words = [f"{name.replace('_', ' ')} {value}" for name, value in told.items()]
    return ", ".join(words) or "nothing besides the prompt"


def resolved_words(images: Sequence[ImageReady]) -> str:
    """Say what the provider told that it did; pictures of one run may differ."""
    told = [image.resolved for image in images if image.resolved]
    return "; ".join(dict.fromkeys(parameter_words(one) for one in told)) or "not told"


def moment_words(moment: datetime) -> str:
    """Render a moment to the tenth of a second, in UTC, as the ledger has it."""
    return f"{moment:%Y-%m-%d %H:%M:%S}.{moment.microsecond // 100_000} UTC"


def _usage_words(usage: Usage) -> str:
    told = [(one.name, getattr(usage, one.name)) for one in fields(Usage)]
    return ", ".join(f"{value:,} {_USAGE_WORDS[name]}" for name, value in told if value is not None)


def _fault_facts(fault: Fault) -> list[str]:
    facts = [f"code {fault.code}"]
    if fault.http_status is not None:
        facts.append(f"HTTP {fault.http_status}")
    if fault.category:
        facts.append(f"category {fault.category}")
    if fault.request_id:
        facts.append(f"request id {fault.request_id}")
    return facts
