"""When the pictures of a generation went up to the bucket, as bars below its stages and runs."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from promptflow.records import Lineage, Upload, UploadStatus
from promptflow.traces import FlowTrace
from promptflow.ui.labels import Names
from promptflow.ui.lineage.facts import moment_words
from promptflow.ui.lineage.waterfall import Bar, Span
from promptflow.wording import count, format_size

_REFERENCES = "references"
_LEAST_ROOM_MS = 30_000
"""After the end of a flow, uploads are drawn for as long as it took, and at least for this long."""
_STATUS_WORDS = {UploadStatus.SUCCEEDED: "succeeded", UploadStatus.FAILED: "failed"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Uploads:
    """What there is to show of a generation's uploads."""

    bars: tuple[Bar, ...]
    """A row for each image model, and one for the references."""
    later: str
    """What there is to say of those that came so much later that the chart would be nothing else."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Subject:
    """What was uploaded: whose it is, and what it is."""

    row: str
    name: str


def plan_uploads(trace: FlowTrace, lineage: Lineage, names: Names) -> Uploads:
    """Work out when what was uploaded.

    Args:
        trace: of the generation.
        lineage: of the same one.
        names: model id → title.
    """
    subjects = dict(_list_subjects(trace, lineage, names))
    told = [upload for upload in lineage.uploads if upload.asset_id in subjects]
    end_ms = trace.since_start_ms(trace.finished.at) if trace.finished else 0
    last_ms = end_ms + max(end_ms, _LEAST_ROOM_MS)
    shown = [one for one in told if trace.since_start_ms(one.started_at) <= last_ms]
    later = [one for one in told if trace.since_start_ms(one.started_at) > last_ms]
    return Uploads(
        bars=tuple(_sorted_bars(trace, shown, subjects)), later=_tell_later(later) if later else ""
    )


def _list_subjects(
    trace: FlowTrace, lineage: Lineage, names: Names
) -> Iterator[tuple[str, _Subject]]:
    """Yield (asset id, what it is) of all pictures and their thumbnails."""
    assets = [
        (stored.asset, _REFERENCES, f"Reference image {stored.index + 1}")
        for stored in trace.references
    ]
    assets += [
        (image.asset, names(run.started.image_model), f"Picture {image.index + 1}")
        for run in trace.runs
        for image in run.images
    ]
    for asset, whose, name in assets:
        row = f"Upload · {whose}"
        yield asset.asset_id, _Subject(row=row, name=name)
        thumbnail = lineage.thumbnails.get(asset.asset_id)
        if thumbnail:
            yield thumbnail.asset_id, _Subject(row=row, name=f"Thumbnail of {name.lower()}")


def _sorted_bars(
    trace: FlowTrace, uploads: Sequence[Upload], subjects: Mapping[str, _Subject]
) -> Iterator[Bar]:
    """Yield a bar for each try, row by row as the subjects come."""
    for row in dict.fromkeys(subject.row for subject in subjects.values()):
        for upload in uploads:
            if subjects[upload.asset_id].row == row:
                yield _bar(trace, upload, subjects[upload.asset_id])


def _bar(trace: FlowTrace, upload: Upload, subject: _Subject) -> Bar:
    begin_ms = trace.since_start_ms(upload.started_at)
    failed = upload.status is UploadStatus.FAILED
    what = upload.fault.message if upload.fault else format_size(upload.size_bytes)
    tried = f", try {upload.number}" if upload.number > 1 else ""
    return Bar(
        row=subject.row,
        span=Span.FAILED if failed else Span.UPLOAD,
        begin_ms=begin_ms,
        end_ms=begin_ms + upload.total_ms,
        note=f"{subject.name}{tried}: {what}",
    )


def _tell_later(uploads: Sequence[Upload]) -> str:
    last = max(uploads, key=lambda one: one.started_at)
    return (
        f"Left out: {count(len(uploads), 'upload')} long after the end. The last one began at "
        f"{moment_words(last.started_at)} and {_STATUS_WORDS[last.status]}."
    )
