"""Draws the family as a Mermaid chart whose labels can only be labels.

Mermaid reads a language of its own: quotes end a label, brackets and arrows make nodes, ``click`` makes
links, ``%%{`` changes its settings. No word a person or model wrote is in the chart, and of model titles,
which a setting may name freely, every character but letters, digits and spaces is written as a number.
"""

from collections.abc import Sequence

import streamlit as st

from promptflow.ui.lineage.family import Node, Tone
from promptflow.wording import count

_LABEL_CHARS = 30
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
        The chart's source. Nodes are called ``n0``, ``n1`` and so on, in their order.
    """
    names = {node.key: f"n{index}" for index, node in enumerate(nodes)}
    lines = [_SETTINGS, "flowchart TD"]
    lines += [f'  {names[node.key]}["{_label(node)}"]:::{node.tone}' for node in nodes]
    lines += [
        f"  {names[parent]} --> {names[node.key]}" for node in nodes for parent in node.parents
    ]
    lines += [f"  classDef {tone} {style}" for tone, style in _STYLES.items()]
    if chosen in names:
        lines.append(f"  style {names[chosen]} {_CHOSEN}")
    return "\n".join(lines)


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
