"""What becomes of a generation whose models do as the test says."""

from collections.abc import Mapping

import pytest

from promptflow.cli import main
from promptflow.ports import ImageModel, ImageRequest, Picture, TextModel
from promptflow.providers.offline import OfflinePlanner
from promptflow.records import Stage
from promptflow.settings import Settings
from promptflow.transcript import printable
from tests.cli.document import Document, Fault
from tests.scripted import (
    BOTH,
    GOUACHE,
    IDEA,
    POSTER,
    ListPainter,
    PlannerPerModel,
    make_fault,
    make_laboratory,
    make_png,
    make_refusal,
    make_rush,
)


def run_here(
    monkeypatch: pytest.MonkeyPatch,
    settings: Settings,
    *arguments: str,
    painters: Mapping[str, ImageModel] | None = None,
    planner: TextModel | None = None,
) -> int:
    """Run ``generate`` in this process, in a laboratory whose models are scripted."""
    monkeypatch.setenv("PROMPTFLOW_DATA_DIR", str(settings.data_dir))
    chosen = {model: ListPainter([paint(0)]) for model in BOTH} | dict(painters or {})
    return main(
        ["generate", IDEA, *arguments],
        open_lab=lambda given: make_laboratory(given, planner=planner, painters=chosen),
    )


def paint(index: int) -> Picture:
    """Make a small picture."""
    return Picture(index=index, data=make_png(index))


def test_options_reach_the_image_models(
    monkeypatch: pytest.MonkeyPatch, settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    """Shape, number and seed are asked for as given, of the chosen model alone."""
    asked, idle = ListPainter([paint(0), paint(1), paint(2)]), ListPainter()
    options = ("--aspect-ratio", "9:16", "--images", "3", "--seed", "0", "--json")

    code = run_here(
        monkeypatch,
        settings,
        *("--image-model", GOUACHE, "--image-model", GOUACHE),
        *options,
        painters={GOUACHE: asked, POSTER: idle},
    )

    document = Document.model_validate_json(capsys.readouterr().out)
    assert code == 0
    assert asked.requests == [
        ImageRequest(prompt=document.runs[0].prompt, aspect_ratio="9:16", count=3, seed=0)
    ]
    assert idle.requests == []


def test_some_pictures_end_in_exit_code_3(
    monkeypatch: pytest.MonkeyPatch, settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    """A refusal is that model's result; the other's picture is there."""
    code = run_here(
        monkeypatch, settings, "--json", painters={GOUACHE: ListPainter([make_refusal()])}
    )

    out, told = capsys.readouterr()
    document = Document.model_validate_json(out)
    assert code == 3
    assert document.status == "partial"
    assert [(run.status, len(run.images)) for run in document.runs] == [
        ("refused", 0),
        ("succeeded", 1),
    ]
    assert document.runs[0].error == Fault(
        code="refused", message=make_refusal().message, category="violence"
    )
    assert f"Offline gouache: refused. {make_refusal().message}" in told


def test_a_run_cut_short_ends_in_exit_code_3(
    monkeypatch: pytest.MonkeyPatch, settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    """One picture of two is some: the run is partial, and says why."""
    code = run_here(
        monkeypatch,
        settings,
        *("--image-model", GOUACHE, "--images", "2", "--json"),
        painters={GOUACHE: ListPainter([paint(0), make_fault()])},
    )

    document = Document.model_validate_json(capsys.readouterr().out)
    assert code == 3
    assert (document.status, document.runs[0].status) == ("partial", "partial")
    assert len(document.runs[0].images) == 1
    assert document.runs[0].error == Fault(
        code="rejected", message=make_fault().message, http_status=400
    )


def test_no_picture_ends_in_exit_code_1(
    monkeypatch: pytest.MonkeyPatch, settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    """Where every image model fails, the document says why for each."""
    failing = {model: ListPainter([make_fault(model)]) for model in BOTH}

    code = run_here(monkeypatch, settings, "--json", painters=failing)

    document = Document.model_validate_json(capsys.readouterr().out)
    assert code == 1
    assert document.status == "failed"
    assert [(run.status, run.images) for run in document.runs] == [("failed", [])] * 2
    assert all(run.error for run in document.runs)


def test_a_plan_that_fails_ends_in_exit_code_1(
    monkeypatch: pytest.MonkeyPatch, settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without a plan nothing is painted; the stage and the generation say why."""
    planner = OfflinePlanner(faults=[make_fault("offline-planner")])

    code = run_here(monkeypatch, settings, "--json", planner=planner)

    document = Document.model_validate_json(capsys.readouterr().out)
    assert code == 1
    assert (document.status, document.runs) == ("failed", [])
    assert [stage.status for stage in document.stages] == ["failed"]
    assert document.stages[0].error == Fault(
        code="rejected", message=make_fault().message, http_status=400
    )


def test_a_prompt_that_fails_falls_back_and_says_so(
    monkeypatch: pytest.MonkeyPatch, settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    """The picture still comes, from a prompt that is marked as a fallback."""
    broken = OfflinePlanner(faults=[make_fault("offline-planner")])
    planner = PlannerPerModel(OfflinePlanner(), {GOUACHE: broken})

    code = run_here(monkeypatch, settings, "--json", planner=planner)

    document = Document.model_validate_json(capsys.readouterr().out)
    assert code == 0
    assert document.status == "succeeded"
    assert [run.prompt_origin for run in document.runs] == ["fallback", "constructed"]
    assert [stage.status for stage in document.stages[2:]] == ["failed", "succeeded"]


def test_a_retry_is_told_and_the_picture_comes(
    monkeypatch: pytest.MonkeyPatch, settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    """A busy model is asked again, and people hear of it."""
    busy = ListPainter([make_rush()], [paint(0)])

    code = run_here(monkeypatch, settings, "--json", painters={GOUACHE: busy})

    assert code == 0
    assert "Offline gouache: retrying at once. Offline gouache has too much to do." in (
        capsys.readouterr().err
    )


def test_what_a_model_writes_cannot_steer_the_terminal(
    monkeypatch: pytest.MonkeyPatch, settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    """Controls in an answer are shown as marks, and kept in the JSON as escapes."""
    answer = "\x1b]0;title\x07 \x9b31m red \x7f\r \u202e turned \u2028 👨‍👩‍👧"
    planner = OfflinePlanner(answers={Stage.THINKING: [answer]})

    code = run_here(monkeypatch, settings, "--json", planner=planner)

    out, told = capsys.readouterr()
    assert code == 0
    assert Document.model_validate_json(out).stages[1].output == answer
    assert printable(out) == out
    assert printable(told) == told
    assert "�]0;title� �31m red �� � turned � 👨‍👩‍👧" in told
