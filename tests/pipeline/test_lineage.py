"""What is written into the files of pictures."""

from pathlib import Path

from promptflow.events import ImageReady, RunStarted
from promptflow.providers.offline import OfflinePlanner
from promptflow.records import ImageParameters
from promptflow.storage.local import LocalStore
from promptflow.xmp import read_lineage
from tests.pipeline.expected import ANSWERS
from tests.scripted import GOUACHE, give, make_request, make_tools, run_whole


def test_a_stored_picture_tells_where_it_comes_from(tmp_path: Path) -> None:
    """The file holds the idea, the prompt, the models and all that was asked for."""
    store = LocalStore(tmp_path)
    asked = ImageParameters(quality="high")
    request = make_request(image_models=(GOUACHE,), seed=7, parameters={GOUACHE: asked})
    tools = make_tools(
        tmp_path,
        planner=OfflinePlanner(answers=ANSWERS),
        painters={GOUACHE: give(0)},
        store=store,
    )

    events = run_whole(tools, request)

    (run,) = [event for event in events if isinstance(event, RunStarted)]
    (image,) = [event for event in events if isinstance(event, ImageReady)]
    lineage = read_lineage(store.read(image.asset.key))
    assert lineage is not None
    assert (lineage.generation_id, lineage.run_id, lineage.index) == ("generation-1", run.run_id, 0)
    assert (lineage.request, lineage.prompt) == (request.request, run.prompt)
    assert (lineage.image_model, lineage.text_model) == (GOUACHE, request.text_model)
    assert lineage.parameters == {"quality": "high"}
    assert lineage.aspect_ratio == request.aspect_ratio
