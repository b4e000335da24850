"""Draws the family as a Mermaid chart whose labels can only be labels.

Mermaid reads a language of its own: quotes end a label, brackets and arrows make nodes, ``click`` makes
links, ``%%{`` changes its settings. No word a person or model wrote is in the chart, and of model titles,
which a setting may name freely, every character but letters, digits and spaces is written as a number.
"""

from collections.abc import Iterator, Sequence
from itertools import pairwise

import streamlit as st

from promptflow.records import GenerationSummary
from promptflow.ui.lineage.family import Node, PicturePart, Tone
from promptflow.wording import count

_LABEL_CHARS = 30
_MOST_ABREAST = 4
"""More pictures than this in a row make the chart so wide that its letters are too small to be read."""
_STYLES = {
    Tone.PLAIN: "stroke:#8a8178,stroke-width:1px",
    Tone.RUNNING: "stroke:#3b82c4,stroke-width:2px,stroke-dasharray:6 3",
    Tone.TROUBLE: "stroke:#d0662f,stroke-width:2px,stroke-dasharray:3 3",
}
_SETTINGS = (
    '%%{init: {"flowchart": '
    '{"rankSpacing": 26, "nodeSpacing": 24, "padding": 10, "wrappingWidth": 280}}}%%'
)
_CHOSEN = "stroke:#c8552b,stroke-width:4px,stroke-dasharray:none"


def draw_tree(nodes: Sequence[Node], chosen: str) -> None:
    """Draw the family tree.

    Args:
        nodes: parents first.
        chosen: the key of the node whose details are shown; it has a thick edge.
    """
    st.mermaid_chart(
        render_tree(nodes, chosen), alt=f"Family tree of {count(len(nodes), 'part')}, from top down"
    )


def render_tree(nodes: Sequence[Node], chosen: str) -> str:
    """Write the family as a Mermaid flowchart.

    Args:
        nodes: parents first.
        chosen: the key of the node to set off.

    Returns:
        The chart's source. Nodes are called ``n0``, ``n1`` and so on, in their order. Where there are many
        pictures, those of a run stand below one another, kept so by links that are not drawn.
    """
    names = {node.key: f"n{index}" for index, node in enumerate(nodes)}
    lines = [_SETTINGS, "flowchart TD"]
    lines += [f'  {names[node.key]}["{_label(node)}"]:::{node.tone}' for node in nodes]
    lines += [
        f"  {names[parent]} --> {names[node.key]}" for node in nodes for parent in node.parents
    ]
    lines += [f"  {names[one]} ~~~ {names[next_one]}" for one, next_one in _stack(nodes)]
    forks = [names[node.key] for node in nodes if isinstance(node.part, GenerationSummary)]
    # Unseen links, by which forks stand below one another: a chart is made as small as it is wide.
    lines += [f"  {upper} ~~~ {lower}" for upper, lower in pairwise(forks)]
    lines += [f"  classDef {tone} {style}" for tone, style in _STYLES.items()]
    if chosen in names:
        lines.append(f"  style {names[chosen]} {_CHOSEN}")
    return "\n".join(lines)


def _stack(nodes: Sequence[Node]) -> Iterator[tuple[str, str]]:
    """Yield (key of a picture, key of the one below it); none where all have room beside one another."""
    pictures = [node for node in nodes if isinstance(node.part, PicturePart)]
    if len(pictures) > _MOST_ABREAST:
        for upper, lower in pairwise(pictures):
            if upper.parents == lower.parents:
                yield upper.key, lower.key


def as_mermaid(text: str) -> str:
    """Write a text so that it can stand in a quoted Mermaid label as itself.

    Args:
        text: anything; white space and line breaks become single spaces.

    Returns:
        Letters, digits and spaces as they are, all else as numbered entities; cut where it is long.
    """
    line = " ".join(text.split())
    if len(line) > _LABEL_CHARS:
        line = line[: _LABEL_CHARS - 1].rstrip() + "…"
    return "".join(mark if mark.isalnum() or mark == " " else f"#{ord(mark)};" for mark in line)


def _label(node: Node) -> str:
    words = [node.kind, node.whose, node.state]
    return "<br/>".join(as_mermaid(line) for line in words if line)
