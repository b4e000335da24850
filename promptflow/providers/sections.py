"""What a text model works on, written out the same way for every provider. Floor 4."""

from collections.abc import Mapping


def render_sections(sections: Mapping[str, str]) -> str:
    """Write named sections out, each between tags of its own.

    What people and models wrote is material: every ``<`` in it becomes ``&lt;``, so that no section can
    close its tag or open another one.

    Args:
        sections: name → text, in order; the names are ours and fit to be tags, e.g. ``action_plan``.

    Returns:
        ``<name>``, the text and ``</name>`` on lines of their own, a blank line between sections; ""
        where there are none.
    """
    return "\n\n".join(
        f"<{name}>\n{text.replace('<', '&lt;')}\n</{name}>" for name, text in sections.items()
    )
