"""Commands for where things are kept: the outbox, the bucket, snapshots, and whether all is well."""

from collections.abc import Sequence
from typing import Literal

import click

from promptflow.backups import Snapshot
from promptflow.catalog.excerpts import excerpt
from promptflow.cli.group import NONE, SUCCEEDED, OpenLaboratory, cli, laboratory, settings
from promptflow.cli.streams import print_, tell, tell_line
from promptflow.doctor import examine, tell_out_of_reach
from promptflow.errors import InputError
from promptflow.inventory import Moved
from promptflow.laboratory import make_laboratory
from promptflow.rounds import Tidied
from promptflow.transcript import printable
from promptflow.wording import count, format_size


@cli.command()
@click.pass_obj
def sync(open_lab: OpenLaboratory) -> int:
    """Upload what waits in the outbox, and mend what doesn't fit together."""
    with laboratory(open_lab) as lab:
        done = lab.archive.sync(_tell_progress)
        waiting = lab.ledger.assets.read_waiting().pictures
        is_set_up = lab.archive.bucket is not None
    tell_line("")
    told = [f"{count(done.tidied.uploads, 'object')} uploaded"]
    if done.tidied.thumbnails:
        told.append(f"{count(done.tidied.thumbnails, 'thumbnail')} made")
    if done.mended:
        told.append(f"{count(done.mended, 'object')} put in order")
    tell(f"{', '.join(told)}.\n")
    if done.tidied.trouble:
        tell(f"{printable(done.tidied.trouble.message)}\n")
    if waiting and not is_set_up:
        tell(
            f"{count(waiting, 'object')} in the outbox, but no bucket is set up. Set it up again, or "
            "move them with `migrate-storage --to local`.\n"
        )
    if done.left.missing:
        tell(
            f"{count(len(done.left.missing), 'picture')} recorded but nowhere to be found, the first "
            f"is {done.left.missing[0].key!r}. Bring them back from a backup.\n"
        )
    if done.left.out_of_reach:
        tell(f"{tell_out_of_reach(done.left)}\n")
    all_there = not (done.left.missing or done.left.out_of_reach or waiting)
    return SUCCEEDED if all_there and not done.tidied.trouble else NONE


@cli.command("migrate-storage")
@click.option(
    "--to", type=click.Choice(["b2", "local"]), required=True, help="Where all pictures go."
)
@click.pass_obj
def migrate_storage(open_lab: OpenLaboratory, to: Literal["b2", "local"]) -> int:
    """Move all pictures to one place; broken off, it goes on where it stopped."""

    def report(moved: Moved) -> None:
        tell_line(f"{count(moved.pictures, 'object')}, {format_size(moved.size_bytes)}")

    with laboratory(open_lab) as lab:
        moved = lab.archive.move(to, report)
    tell_line("")
    tell(f"{count(moved.pictures, 'object')}, {format_size(moved.size_bytes)}, moved to {to}.\n")
    if moved.failed:
        left = "Broken off; the same command goes on with the rest." if moved.broken_off else ""
        stayed = f"{count(moved.failed, 'object')} could not be moved. {left}".rstrip()
        tell(f"{stayed} {printable(moved.trouble)}\n")
    return NONE if moved.failed else SUCCEEDED


@cli.command()
@click.pass_obj
def backup(open_lab: OpenLaboratory) -> int:
    """Save the ledger to the bucket now."""
    with laboratory(open_lab) as lab:
        saved = lab.archive.back_up()
    if saved is None:
        tell("Nothing is recorded yet, so nothing was saved.\n")
    else:
        tell(f"Saved {saved.key}, {format_size(saved.size_bytes)}.\n")
    return SUCCEEDED


@cli.command()
@click.argument("snapshot", required=False)
@click.option("--list", "lists", is_flag=True, help="Only list the snapshots, newest first.")
def restore(snapshot: str | None, *, lists: bool) -> int:
    """Bring the ledger back from SNAPSHOT, or else from the newest one.

    A ledger that is there is moved aside; one that is newer is left where it is.
    """
    archive = make_laboratory(settings()).archive
    found = archive.list_snapshots()
    if lists:
        lines = (f"{one.key}  {format_size(one.size_bytes)}\n" for one in found)
        print_("".join(lines))
        return SUCCEEDED
    chosen = _choose_snapshot(found, snapshot)
    aside = archive.restore(chosen)
    tell(f"Restored {chosen.key}.\n")
    if aside:
        tell(f"The ledger that was there is now {str(aside)!r}.\n")
    return SUCCEEDED


@cli.command()
@click.option("--prune", is_flag=True, help="Remove what is stored and not recorded, for good.")
def doctor(*, prune: bool) -> int:
    """Check the database, the storage, the pictures, the catalogue and the keys."""
    findings = examine(settings(), prune=prune)
    for finding in findings:
        mark = click.style("ok  ", fg="green") if finding.fine else click.style("bad ", fg="red")
        print_(f"{mark} {finding.what}: {finding.said}\n")
    return SUCCEEDED if all(finding.fine for finding in findings) else NONE


def _choose_snapshot(found: Sequence[Snapshot], key: str | None) -> Snapshot:
    if not found:
        raise InputError("snapshot", "There is no snapshot in the bucket. `backup` makes one.")
    chosen = next((one for one in found if key in {None, one.key}), None)
    if chosen is None:
        message = (
            f"There is no snapshot {excerpt(key)}. `restore --list` lists those that are there."
        )
        raise InputError("snapshot", message)
    return chosen


def _tell_progress(done: Tidied) -> None:
    tell_line(f"{count(done.uploads, 'object')} uploaded")
