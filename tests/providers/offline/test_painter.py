"""The painters made of code: what they draw, and how they can be scripted."""

import io
import math
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from promptflow.errors import BusyError, ProviderError, RefusedError, RejectedError
from promptflow.ports import ImageRequest, Picture
from promptflow.providers.offline import PROVIDER, OfflinePainter
from promptflow.providers.offline.kinds import KINDS
from promptflow.providers.offline.scene import render_scene
from promptflow.providers.offline.vocabulary import LIGHTS, PLACES, SUBJECTS, WEATHERS
from promptflow.providers.offline.words import hash_text
from promptflow.records import Usage

PAINTERS = ["offline-gouache", "offline-poster"]
SIZES = {
    "1:1": (1024, 1024),
    "2:3": (680, 1024),
    "3:2": (1024, 680),
    "3:4": (768, 1024),
    "4:3": (1024, 768),
    "9:16": (576, 1024),
    "16:9": (1024, 576),
}
IDEAS = [
    "a lighthouse at dusk in a storm",
    "a red fox in a snowy forest",
    "a teapot on a table, cosy morning",
    "neon city skyline at night in rain",
    "a whale under the moon",
    "E = mc^2 $40 :tada:",
]
EVERYDAY = [
    "a tiger in a library",
    "logo for a bakery",
    "my grandmother's kitchen",
    "a samurai under cherry blossoms",
    "a happy family at the beach",
    "a unicorn on mars",
    "a knight wearing red armour",
    "children playing football",
    "an old typewriter on a desk",
    "a quantum computer in a forest",
]
UNDRAWN = {"sun", "moon"}
"""Kinds that are part of the sky and not of the layout."""


def _ask(prompt: str, **changes: object) -> ImageRequest:
    fields: dict[str, object] = {"aspect_ratio": "16:9", "count": 1, "seed": 7, **changes}
    return ImageRequest(prompt=prompt, **fields)  # type: ignore[arg-type]  # fields by name


def _paint(request: ImageRequest, model: str = "offline-poster") -> list[Picture]:
    return list(OfflinePainter(model=model).paint(request))


def _open(data: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(data))
    image.load()
    return image


def _measure_difference(first: bytes, second: bytes) -> float:
    pixels = [np.asarray(_open(data), dtype=np.float32) for data in (first, second)]
    return float(np.abs(pixels[0] - pixels[1]).mean())


def _busy() -> BusyError:
    return BusyError("The painter is busy. Try again.", provider=PROVIDER, model="offline-poster")


@pytest.mark.parametrize("model", PAINTERS)
def test_same_request_gives_the_same_bytes(model: str) -> None:
    """Two painters of one kind draw the same prompt alike, to the last byte."""
    request = _ask("a windmill in a meadow")

    assert _paint(request, model) == _paint(request, model)


@pytest.mark.parametrize("model", PAINTERS)
def test_other_seed_prompt_or_index_gives_other_bytes(model: str) -> None:
    """Whatever a picture depends on makes a difference."""
    requests = [
        _ask("a windmill in a meadow"),
        _ask("a windmill in a meadow", seed=8),
        _ask("a windmill in a meadow", first_index=3),
        _ask("a windmill in the meadow"),
    ]

    pictures = {_paint(request, model)[0].data for request in requests}

    assert len(pictures) == 4


def test_painters_draw_in_two_manners() -> None:
    """Gouache and poster of one prompt are plainly different pictures."""
    request = _ask("a sailboat on a lake")

    gouache, poster = (_paint(request, model)[0].data for model in PAINTERS)

    assert _measure_difference(gouache, poster) > 8


@pytest.mark.parametrize("model", PAINTERS)
@pytest.mark.parametrize("ratio", SIZES)
def test_picture_has_the_shape_asked_for(model: str, ratio: str) -> None:
    """The longest side has 1,024 px and both are multiples of 8."""
    data = _paint(_ask("a cat", aspect_ratio=ratio), model)[0].data

    image = _open(data)
    assert image.size == SIZES[ratio]
    assert (image.format, image.mode) == ("PNG", "RGB")


@pytest.mark.parametrize("model", PAINTERS)
def test_picture_is_light_enough_to_keep_and_tells_nothing_else(model: str) -> None:
    """A square picture has at most 2 MB and no text beside the pixels."""
    data = _paint(_ask("a red fox in a snowy forest", aspect_ratio="1:1"), model)[0].data

    assert 60_000 < len(data) < 2_000_000
    assert _open(data).info == {}


@pytest.mark.parametrize("model", PAINTERS)
def test_different_ideas_give_visibly_different_pictures(model: str) -> None:
    """No two ideas come out alike."""
    pictures = [_paint(_ask(idea), model)[0].data for idea in IDEAS]

    differences = [
        _measure_difference(first, second)
        for index, first in enumerate(pictures)
        for second in pictures[index + 1 :]
    ]
    assert min(differences) > 12


def test_every_subject_of_an_everyday_idea_is_to_be_seen() -> None:
    """Ten ideas whose nouns have no drawing of their own give ten plainly different pictures."""
    pictures = [_paint(_ask(idea, aspect_ratio="1:1"))[0].data for idea in EVERYDAY]

    differences = [
        _measure_difference(first, second)
        for index, first in enumerate(pictures)
        for second in pictures[index + 1 :]
    ]
    assert min(differences) > 5


@pytest.mark.parametrize("idea", ["an accordion", "a toaster", "a ladder", "a logo", "a football"])
def test_stand_in_follows_from_its_word(idea: str) -> None:
    """A named thing without a drawing changes the picture of its place."""
    empty, shown, other = (
        _paint(_ask(text))[0].data
        for text in ("in a kitchen", f"{idea} in a kitchen", "a hammock in a kitchen")
    )

    assert _measure_difference(empty, shown) > 2
    assert _measure_difference(shown, other) > 2


@pytest.mark.parametrize("word", [*SUBJECTS, *PLACES, *LIGHTS, *WEATHERS])
def test_every_word_of_the_vocabulary_can_be_drawn(word: str) -> None:
    """Each word gives a picture with more in it than one colour."""
    image = render_scene(f"two {word}", manner="poster", aspect_ratio="9:16", seed=1)

    assert np.asarray(image.convert("L")).std() > 8


def test_every_subject_of_the_vocabulary_has_a_drawing() -> None:
    """The vocabulary and the drawings know the same subjects."""
    assert set(KINDS) == set(SUBJECTS) - UNDRAWN - {"star", "cloud"}


@given(st.text(max_size=300), st.sampled_from(sorted(SIZES)), st.integers(0, 2**31 - 1))
@settings(max_examples=12, deadline=None)
def test_any_text_can_be_drawn(prompt: str, ratio: str, seed: int) -> None:
    """Any text, shape and seed give a picture."""
    image = render_scene(prompt, manner="poster", aspect_ratio=ratio, seed=seed)

    assert image.size == SIZES[ratio]


def test_pictures_are_numbered_from_the_first_index_and_tell_their_seed() -> None:
    """A retry goes on where the earlier pictures stopped, with the same seeds."""
    whole = _paint(_ask("a kite", count=3, seed=2**31 - 2))

    rest = _paint(_ask("a kite", count=1, first_index=2, seed=2**31 - 2))

    assert [(one.index, one.seed) for one in whole] == [(0, 2**31 - 2), (1, 2**31 - 1), (2, 0)]
    assert rest[0].data == whole[2].data


def test_seed_is_derived_from_the_prompt_where_none_is_given() -> None:
    """Without a seed the prompt decides, and the picture tells which it was."""
    pictures = _paint(_ask("a kite", seed=None))

    assert pictures[0].seed == hash_text("a kite") % 2**31
    assert pictures == _paint(_ask("a kite", seed=hash_text("a kite") % 2**31))


def test_last_picture_carries_the_usage() -> None:
    """The bill, estimated at a quarter of the characters, comes once, at the end."""
    first, last = _paint(_ask("a kite over a beach", count=2))

    tokens = math.ceil(len("a kite over a beach") / 4)
    assert first.usage is None
    assert last.usage == Usage(input_tokens=tokens, output_tokens=0)


def test_previews_come_before_each_picture() -> None:
    """Previews are small and marked, and belong to the picture that follows."""
    painter = OfflinePainter(model="offline-gouache", partials=2)

    pictures = list(painter.paint(_ask("a kite", count=2)))

    assert [(one.index, one.partial) for one in pictures] == [
        (0, True),
        (0, True),
        (0, False),
        (1, True),
        (1, True),
        (1, False),
    ]
    assert max(_open(pictures[0].data).size) <= 512


def test_faults_are_raised_in_order_and_then_it_behaves() -> None:
    """The first call fails and the second behaves; both are remembered."""
    painter = OfflinePainter(model="offline-poster", faults=[_busy()])
    request = _ask("a kite")

    with pytest.raises(BusyError):
        list(painter.paint(request))
    pictures = list(painter.paint(request))

    assert len(pictures) == 1
    assert painter.requests == [request, request]


def test_fault_can_come_after_some_pictures() -> None:
    """Pictures given before the fault are whole, and none of them carries a bill."""
    painter = OfflinePainter(model="offline-poster", faults=[_busy()], fail_after=2)
    given_before: list[Picture] = []

    with pytest.raises(BusyError):
        given_before.extend(painter.paint(_ask("a kite", count=3)))

    assert [(one.index, one.usage) for one in given_before] == [(0, None), (1, None)]


def test_refusal_is_raised_as_it_was_scripted() -> None:
    """A refusal reaches the caller with its fields."""
    refusal = RefusedError(
        "Refused. Change the idea.", provider=PROVIDER, model="offline-poster", category="test"
    )
    painter = OfflinePainter(model="offline-poster", faults=[refusal])

    with pytest.raises(RefusedError) as caught:
        list(painter.paint(_ask("a kite")))

    assert caught.value is refusal


def test_delay_comes_before_the_first_picture() -> None:
    """A slow painter is slow before it fails, too."""
    painter = OfflinePainter(model="offline-poster", delay_s=0.05, faults=[_busy()])
    started = time.monotonic()

    with pytest.raises(BusyError):
        list(painter.paint(_ask("a kite")))

    assert time.monotonic() - started >= 0.05


def test_gate_holds_the_first_picture_back() -> None:
    """Nothing is given until the gate opens."""
    gate = threading.Event()
    painter = OfflinePainter(model="offline-poster", gate=gate)
    pictures: list[Picture] = []
    worker = threading.Thread(
        target=lambda: pictures.extend(painter.paint(_ask("a kite"))), daemon=True
    )

    worker.start()
    worker.join(0.05)
    held = list(pictures)
    gate.set()
    worker.join(20)

    assert held == []
    assert len(pictures) == 1


def test_threads_share_one_count_of_calls() -> None:
    """Each scripted fault is raised exactly once, however many threads call."""
    painter = OfflinePainter(model="offline-poster", faults=[_busy()] * 12)

    def is_busy(_index: int) -> bool:
        try:
            list(painter.paint(_ask("a kite", aspect_ratio="1:8")))
        except ProviderError:
            return True
        return False

    with ThreadPoolExecutor(8) as pool:
        outcomes = list(pool.map(is_busy, range(20)))

    assert sum(outcomes) == 12
    assert len(painter.requests) == 20


@pytest.mark.parametrize("ratio", ["", "square", "0:1", "16/9", "1:2:3", "-1:1"])
def test_unreadable_shape_is_rejected(ratio: str) -> None:
    """A shape that can't be read is our mistake, and the message says what is accepted."""
    with pytest.raises(RejectedError, match="16:9"):
        _paint(_ask("a kite", aspect_ratio=ratio))


def test_unknown_painter_can_not_be_made() -> None:
    """There are two painters, and the message names them."""
    with pytest.raises(ValueError, match="offline-gouache, offline-poster"):
        OfflinePainter(model="offline-oil")


def test_import_is_cheap() -> None:
    """Importing the provider loads neither numpy nor Pillow."""
    code = (
        "import sys; import promptflow.providers.offline, promptflow.providers.offline.scene;"
        "sys.exit(bool({'numpy', 'PIL'} & set(sys.modules)))"
    )

    done = subprocess.run([sys.executable, "-c", code], check=False)

    assert done.returncode == 0
