"""Commands that delete: a mark that can be undone, and the purge of what was marked long ago."""

from datetime import UTC, datetime, timedelta

import click

from promptflow.cli.group import SUCCEEDED, OpenLaboratory, cli, laboratory
from promptflow.cli.streams import print_, tell, tell_line
from promptflow.errors import InputError
from promptflow.laboratory import Laboratory
from promptflow.purging import NOTHING, plan_purge
from promptflow.records import Doomed
from promptflow.wording import count, format_size

_PLACES = {"local": "on this machine", "outbox": "in the outbox", "b2": "in the bucket"}


@cli.command()
@click.argument("generation_id")
@click.option("--undo", is_flag=True, help="Bring it back.")
@click.pass_obj
def delete(open_lab: OpenLaboratory, generation_id: str, *, undo: bool) -> int:
    """Delete the generation GENERATION_ID; until `purge` takes it, it can be brought back."""
    with laboratory(open_lab) as lab:
        if undo:
            lab.organiser.restore("generation", generation_id)
            tell("Restored.\n")
        else:
            lab.organiser.delete("generation", generation_id)
            tell("Deleted. `delete --undo` with the same id brings it back.\n")
        return SUCCEEDED


@cli.command()
@click.option(
    "--older-than",
    "days",
    type=click.IntRange(min=0),
    default=30,
    show_default=True,
    metavar="DAYS",
    help="Only what was deleted at least so many days ago.",
)
@click.option("--yes", is_flag=True, help="Remove it for good; without it this is only told.")
@click.pass_obj
def purge(open_lab: OpenLaboratory, days: int, *, yes: bool) -> int:
    """Remove for good what was deleted long enough ago: pictures and words, not what they cost."""
    with laboratory(open_lab) as lab:
        before = _find_moment(lab, days)
        doomed = plan_purge(lab.ledger, before=before)
        if doomed == NOTHING:
            print_(f"Nothing was deleted {_days_ago(days)}; there is nothing to purge.\n")
            return SUCCEEDED
        if not yes:
            print_(_tell_doomed(doomed, f"Deleted {_days_ago(days)}"))
            print_(
                "Nothing was removed. With --yes all of it is, for good; what it cost is kept.\n"
            )
            return SUCCEEDED
        done = lab.archive.purge(before, lambda gone: tell_line(f"{count(gone, 'object')} removed"))
    tell_line("")
    print_(_tell_doomed(done, "Purged"))
    return SUCCEEDED


def _find_moment(lab: Laboratory, days: int) -> datetime:
    try:
        return lab.now() - timedelta(days=days)
    except OverflowError as error:
        first = (lab.now() - datetime(2000, 1, 1, tzinfo=UTC)).days
        message = f"--older-than {days} reaches too far back. Give at most {first} days."
        raise InputError("older_than", message) from error


def _days_ago(days: int) -> str:
    return f"more than {count(days, 'day')} ago" if days else "until now"


def _tell_doomed(doomed: Doomed, began: str) -> str:
    lines = [
        f"{began}: {count(doomed.generations, 'generation')}, {count(doomed.pictures, 'picture')}, "
        f"{count(doomed.thumbnails, 'thumbnail')}, {format_size(doomed.size_bytes)}."
    ]
    lines += [
        f"  {_PLACES.get(place, place)}: {count(objects, 'object')}, {format_size(size_bytes)}"
        for place, (objects, size_bytes) in doomed.places.items()
    ]
    return "\n".join(lines) + "\n"
