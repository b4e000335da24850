"""The stage texts, and the sections of a thinking answer."""

import shutil
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from promptflow.catalog import INSTRUCTION_TOKENS
from promptflow.errors import SetupError
from promptflow.instructions import Instructions, read_instructions, split_sections
from promptflow.plans import PLAN_SCHEMA
from promptflow.records import ActionPlan, Stage

SHIPPED = Path(__file__).parents[1] / "data" / "instructions"
THINKING_SECTIONS = (
    "Reading the idea",
    "Composition",
    "Light and colour",
    "What could go wrong",
)


@pytest.fixture
def shipped() -> Instructions:
    """Read the texts that are shipped."""
    return read_instructions(SHIPPED)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Make a copy of the shipped texts that may be spoiled."""
    return Path(shutil.copytree(SHIPPED, tmp_path / "instructions"))


def test_planning_instructions_name_every_field(shipped: Instructions) -> None:
    """The model is told what belongs into each field of a plan."""
    told = shipped.for_stage(Stage.ACTION_PLAN)
    required = PLAN_SCHEMA["required"]

    assert isinstance(required, list)
    assert [name for name in required if f"- `{name}`" not in told] == []
    assert required == list(ActionPlan.__annotations__)


def test_thinking_instructions_ask_for_the_named_sections(shipped: Instructions) -> None:
    """The four sections are asked for by heading, in order."""
    headings = [heading for heading, _ in split_sections(shipped.for_stage(Stage.THINKING))]

    assert tuple(h for h in headings if h in THINKING_SECTIONS) == THINKING_SECTIONS


@pytest.mark.parametrize("stage", list(Stage))
def test_what_was_written_is_material(shipped: Instructions, stage: Stage) -> None:
    """Every stage is told that orders inside its material do not change its answer."""
    assert "material" in shipped.for_stage(stage)
    assert "the form of your answer" in shipped.for_stage(stage)
    assert "living artist" in shipped.for_stage(stage)


def test_construction_is_told_about_its_image_model(shipped: Instructions) -> None:
    """Each image model with guidance of its own gets that, and only that."""
    gouache = shipped.for_stage(Stage.PROMPT_CONSTRUCTION, "offline-gouache")
    poster = shipped.for_stage(Stage.PROMPT_CONSTRUCTION, "offline-poster")

    assert "# The image model `offline-gouache`\n\nThis painter is a program" in gouache
    assert "screen-printed poster" in poster
    assert "screen-printed poster" not in gouache


@pytest.mark.parametrize(
    "image_model", [None, "gemini-3.1-flash-image", "default", "../action_plan"]
)
def test_other_image_models_get_the_general_guidance(
    shipped: Instructions, image_model: str | None
) -> None:
    """A model without guidance, whatever its name, is written for in the general way."""
    told = shipped.for_stage(Stage.PROMPT_CONSTRUCTION, image_model)

    assert told.endswith(shipped.default_guidance)


def test_other_stages_pass_the_image_model_over(shipped: Instructions) -> None:
    """Planning and thinking are told the same for every image model."""
    told = shipped.for_stage(Stage.THINKING, "offline-gouache")

    assert told == shipped.for_stage(Stage.THINKING)


@pytest.mark.parametrize("image_model", [None, "offline-gouache", "offline-poster"])
@pytest.mark.parametrize("stage", list(Stage))
def test_instructions_stay_within_what_the_estimate_allows(
    shipped: Instructions, stage: Stage, image_model: str | None
) -> None:
    """A stage is told no more than the estimate takes for instructions, schema included."""
    assert len(shipped.for_stage(stage, image_model)) + 2_000 < 3 * INSTRUCTION_TOKENS


@pytest.mark.parametrize("name", ["thinking.md", "image_models/default.md"])
def test_a_missing_file_is_named(folder: Path, name: str) -> None:
    """The operator is told which file is missing."""
    (folder / name).unlink()

    with pytest.raises(SetupError) as caught:
        read_instructions(folder)

    assert caught.value.message == (
        f"The instructions {str(folder / name)!r} are missing. Restore the file from the project."
    )


def test_an_empty_file_is_named(folder: Path) -> None:
    """A file without words is as bad as none."""
    (folder / "thinking.md").write_text(" \n")

    with pytest.raises(SetupError, match=r"thinking\.md' are empty"):
        read_instructions(folder)


def test_a_file_in_another_encoding_is_named(folder: Path) -> None:
    """A file that is not UTF-8 is refused with its name."""
    (folder / "image_models" / "offline-poster.md").write_bytes(b"\xff\xfe\x00")

    with pytest.raises(SetupError, match=r"offline-poster\.md' can't be read"):
        read_instructions(folder)


def test_sections_are_split_at_headings() -> None:
    """Lines with one to three hashes and wholly bold lines are headings; others are text."""
    text = (
        "First words.\r\n\r\n# One\nbody\n## Two:\n**Three**\nwith **bold** inside\n"
        "**a** and **b**\n### **Four**\n#tag\n#### deep\n**Five:**"
    )

    assert split_sections(text) == (
        ("", "First words."),
        ("One", "body"),
        ("Two", ""),
        ("Three", "with **bold** inside\n**a** and **b**"),
        ("Four", "#tag\n#### deep"),
        ("Five", ""),
    )


@pytest.mark.parametrize("text", ["", " \n\n", "\r\n"])
def test_blank_text_has_no_sections(text: str) -> None:
    """Nothing written is nothing to show."""
    assert split_sections(text) == ()


def test_text_without_headings_is_one_section() -> None:
    """Thinking that ignores the headings is shown whole, without one."""
    assert split_sections("Just\n\ntext") == (("", "Just\n\ntext"),)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.text(alphabet="#* ab:\n\r"))
def test_no_letter_is_lost_in_splitting(text: str) -> None:
    """Every word that was written is in a heading or a body, in order."""
    shown = "".join(heading + body for heading, body in split_sections(text))

    assert [sign for sign in shown if sign in "ab"] == [sign for sign in text if sign in "ab"]
