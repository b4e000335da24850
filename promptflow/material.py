"""What a text model works on, written out the same way for every provider. Floor 3."""

import hashlib
import json
from collections.abc import Mapping

from promptflow.ports import TextRequest
from promptflow.records import Question


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


def to_question(request: TextRequest, *, model: str) -> Question:
    """Write down what a text model is sent, word for word.

    Args:
        request: what it is asked.
        model: its id.

    Returns:
        The texts, with a hash by which the same question to the same model is known again.
    """
    material = render_sections(request.sections)
    seen = [hashlib.sha256(one.data).hexdigest() for one in request.references]
    said = json.dumps([model, request.instructions, material, request.schema, seen])
    return Question(
        instructions=request.instructions,
        material=material,
        sha256=hashlib.sha256(said.encode()).hexdigest(),
    )
