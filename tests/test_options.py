"""Options as they are typed: parameters of image models, and files to go by."""

import os
from pathlib import Path

import pytest

from promptflow.catalog import MAX_REFERENCE_BYTES
from promptflow.errors import InputError
from promptflow.options import (
    PARAMETERS,
    read_parameters,
    read_references,
    read_stage_texts,
    suggest_naming,
)
from promptflow.records import ImageParameters, Stage
from promptflow.references import prepare_reference
from tests.wire.pictures import NOT_A_PICTURE, make_png

RED, BLUE = make_png(3, 2, rgb=(255, 0, 0)), make_png(3, 2, rgb=(0, 0, 255))


def refuse_parameter(given: str) -> str:
    """Return what is said of a parameter that can't be read."""
    with pytest.raises(InputError) as caught:
        read_parameters([given], ["a"])
    return caught.value.message


def refuse_references(*paths: Path | str) -> str:
    """Return what is said of files that can't be read."""
    with pytest.raises(InputError) as caught:
        read_references([str(path) for path in paths])
    assert caught.value.field == "reference_images"
    return caught.value.message


def test_a_parameter_without_a_model_is_for_every_chosen_one() -> None:
    """Each image model is asked for it."""
    assert read_parameters(["quality=low"], ["a", "b"]) == {
        "a": ImageParameters(quality="low"),
        "b": ImageParameters(quality="low"),
    }


def test_a_parameter_with_a_model_is_for_that_one() -> None:
    """The others are asked for nothing."""
    assert read_parameters(["b:size=2K"], ["a", "b"]) == {
        "a": ImageParameters(),
        "b": ImageParameters(size="2K"),
    }


@pytest.mark.parametrize(
    "given", [("a:quality=high", "quality=low"), ("quality=low", "a:quality=high")]
)
def test_what_names_a_model_holds_before_what_does_not(given: tuple[str, str]) -> None:
    """Whatever their order, the nearer one decides."""
    assert read_parameters(given, ["a", "b"]) == {
        "a": ImageParameters(quality="high"),
        "b": ImageParameters(quality="low"),
    }


def test_of_two_alike_the_last_holds() -> None:
    """As on any command line, what is said later replaces what was said before."""
    assert read_parameters(["quality=low", "quality=high"], ["a"]) == {
        "a": ImageParameters(quality="high")
    }


def test_a_model_may_have_colons_in_its_name() -> None:
    """Names on other servers end where the last colon before the value stands."""
    assert read_parameters(["hub/flux:8b:size=2K"], ["hub/flux:8b"]) == {
        "hub/flux:8b": ImageParameters(size="2K")
    }


def test_a_model_that_is_not_chosen_is_kept() -> None:
    """It is the catalogue that refuses it, and says which are chosen."""
    assert read_parameters(["b:size=2K"], ["a"])["b"] == ImageParameters(size="2K")


def test_every_parameter_can_be_given() -> None:
    """All of them together are read into one value, the compression as a number."""
    values = ("high", "1024x1024", "opaque", "webp", "60", "low")
    given = [f"{name}={value}" for name, value in zip(PARAMETERS, values, strict=True)]

    assert read_parameters(given, ["a"]) == {
        "a": ImageParameters(
            quality="high",
            size="1024x1024",
            background="opaque",
            output_format="webp",
            output_compression=60,
            moderation="low",
        )
    }


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("quality", "The parameter 'quality' has no value. Write it like quality=high"),
        ("quality=", "The parameter 'quality=' has no value."),
        ("", "The parameter '' has no value."),
        (
            "qualty=low",
            "There is no parameter 'qualty'. Did you mean 'quality'? There are quality,",
        ),
        ("=low", "There is no parameter ''. There are quality, size, background, output_format,"),
        ("a:=low", "There is no parameter ''."),
        ("quality:a=low", "There is no parameter 'a'."),
        ("output_compression=much", "The compression 'much' can't be used. Give a whole number"),
        ("output_compression=1.5", "The compression '1.5' can't be used."),
        ("output_compression=٣", "The compression '٣' can't be used."),
        ("output_compression=" + "9" * 5_000, "…"),
    ],
    ids=lambda value: value[:30],
)
def test_a_parameter_that_is_written_wrong_is_named(given: str, said: str) -> None:
    """One sentence quotes it, cut short, and says how it is written."""
    told = refuse_parameter(given)

    assert said in told
    assert len(told) < 250


LACKING = InputError("quality", "B has no quality.")


@pytest.mark.parametrize(
    ("given", "able", "said"),
    [
        (["quality=low"], ["a"], " To ask it of one model only, write a:quality=low."),
        (
            ["quality=low"],
            ["a", "c"],
            " To ask it of one model only, write a:quality=low or c:quality=low.",
        ),
        (["size=2K", "quality=low", "quality=high"], ["a"], " write a:quality=high."),
        (["quality=low"], [], ""),
        (["b:quality=low"], ["a"], ""),
        (["size=2K"], ["a"], ""),
    ],
)
def test_what_one_model_lacks_can_be_asked_of_another(
    given: list[str], able: list[str], said: str
) -> None:
    """Where a parameter went to every model and one takes it, the error says how to name that one."""
    told = suggest_naming(LACKING, given, lambda: able)

    assert told.field == "quality"
    assert told.message.startswith("B has no quality.")
    assert told.message.endswith(said or "B has no quality.")


def test_files_become_references_in_their_order(tmp_path: Path) -> None:
    """Each is checked and made fit, as an upload is; one that comes twice goes along once."""
    (tmp_path / "red").write_bytes(RED)
    (tmp_path / "blue.png").write_bytes(BLUE)
    paths = [str(tmp_path / name) for name in ("red", "blue.png", "red")]

    assert read_references(paths) == (
        prepare_reference(RED, name="red"),
        prepare_reference(BLUE, name="blue.png"),
    )


def test_without_files_there_are_no_references() -> None:
    """Nothing given is nothing read."""
    assert read_references([]) == ()


def test_every_bad_file_is_told(tmp_path: Path) -> None:
    """Of several each has its sentence, one to a line; the good one among them stops nothing."""
    (tmp_path / "good.png").write_bytes(RED)
    (tmp_path / "page.png").write_bytes(NOT_A_PICTURE)
    gone = tmp_path / "gone.png"

    told = refuse_references(gone, tmp_path / "good.png", tmp_path / "page.png").splitlines()

    assert told[0] == (
        f"The reference image {str(gone)!r} can't be used. It can't be read (No such file or"
        " directory). Give the path of a picture."
    )
    assert told[1].startswith("The reference image 'page.png' can't be used. ")
    assert len(told) == 2


def test_a_file_that_is_too_large_is_not_read(tmp_path: Path) -> None:
    """Its size is looked at first: a terabyte that takes no space is refused at once."""
    path = tmp_path / "vast.png"
    with path.open("wb") as file:
        file.truncate(1_000_000_000_000)

    told = refuse_references(path)

    assert told == (
        f"The reference image {str(path)!r} can't be used. It has 1,000,000,000,000 bytes; at most"
        f" {MAX_REFERENCE_BYTES:,} are accepted."
    )


def test_what_is_no_file_is_not_opened(tmp_path: Path) -> None:
    """A pipe that nobody writes to would be waited for without end, and a folder holds no picture."""
    os.mkfifo(tmp_path / "pipe")

    told = refuse_references(tmp_path / "pipe", tmp_path, "/dev/zero", "").splitlines()

    assert ["It is no file. Give the path of a picture." in line for line in told] == [True] * 4


def test_a_file_that_may_not_be_read_is_told(tmp_path: Path) -> None:
    """Whatever the system says against it is said."""
    told = refuse_references(tmp_path / ("x" * 300))

    assert "It can't be read (File name too long)." in told


def test_more_files_than_can_go_along_are_not_read(tmp_path: Path) -> None:
    """Nine are refused before the first is looked at."""
    told = refuse_references(*[tmp_path / "gone.png"] * 9)

    assert told == (
        "9 reference images are given, and at most 8 can go along. Leave 1 of them out."
    )


def test_stage_texts_are_read_from_files(tmp_path: Path) -> None:
    """Each names a stage and a file in UTF-8; of two for the same stage the last holds."""
    first, second = tmp_path / "a=b.md", tmp_path / "c.md"
    first.write_text("Plan.", "utf-8")
    second.write_text("\ufeffÜberlege.", "utf-8")

    told = read_stage_texts(
        [f"thinking={first}", f"action_plan={first}", f"thinking={second}"],
    )

    assert told == {Stage.THINKING: "Überlege.", Stage.ACTION_PLAN: "Plan."}


@pytest.mark.parametrize("given", ["thinking", "thinking=", "=mine.md", "painting=mine.md", ""])
def test_stage_texts_are_written_as_stage_and_file(given: str) -> None:
    """What is written otherwise is refused, with the stages that there are."""
    with pytest.raises(InputError) as caught:
        read_stage_texts([given])

    assert caught.value.field == "instructions"
    assert "action_plan, thinking, prompt_construction" in caught.value.message


def test_stage_texts_that_can_not_be_read_are_refused(tmp_path: Path) -> None:
    """No file, a folder, no text and too long a text: each says why, and what is accepted."""
    (tmp_path / "latin.md").write_bytes(b"\xfcber")
    (tmp_path / "long.md").write_bytes(b"x" * 32_001)

    for name, why in {
        "none.md": "can't be read (No such file or directory)",
        "": "are no file",
        "latin.md": "are no text in UTF-8",
        "long.md": "are too long",
    }.items():
        with pytest.raises(InputError) as caught:
            read_stage_texts([f"thinking={tmp_path / name}"])
        assert why in caught.value.message
        assert "at most 8,000 characters in UTF-8" in caught.value.message
