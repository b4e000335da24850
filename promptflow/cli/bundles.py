"""Commands that take generations out of an installation and into another."""

from pathlib import Path

import click

from promptflow.bundles import export_bundle, import_bundle
from promptflow.cli.group import SUCCEEDED, OpenLaboratory, cli, laboratory
from promptflow.cli.streams import tell
from promptflow.cli.uploads import settle
from promptflow.clock import Clock
from promptflow.errors import InputError
from promptflow.wording import count, format_size


@cli.command()
@click.argument("generation_ids", metavar="GENERATION_ID...", nargs=-1, required=True)
@click.option("--out", required=True, metavar="FILE", help="A new file, like bundle.zip.")
@click.pass_obj
def export(open_lab: OpenLaboratory, generation_ids: tuple[str, ...], out: str) -> int:
    """Write generations into one zip file: pictures, ledger rows and a page to read."""
    with laboratory(open_lab) as lab:
        done = export_bundle(
            generation_ids,
            _read_path("out", out),
            ledger=lab.ledger,
            read_picture=lab.gallery.read_picture,
            clock=Clock(),
        )
    tell(
        f"Exported {count(done.generations, 'generation')} with {count(done.pictures, 'picture')}, "
        f"{format_size(done.size_bytes)}, to {out!r}.\n"
    )
    return SUCCEEDED


@cli.command("import")
@click.argument("bundle")
@click.pass_obj
def import_(open_lab: OpenLaboratory, bundle: str) -> int:
    """Take in the generations of a zip file that `export` wrote; those that are there are left alone."""
    with laboratory(open_lab) as lab:
        lab.open(make=True)
        store = lab.archive.store
        # Its pictures come before their rows: until these are there nobody may take them for lost.
        with lab.archive.held():
            done = import_bundle(_read_path("bundle", bundle), ledger=lab.ledger, store=store)
        settle(lab)
    known = (
        f" {done.known:,} {'was' if done.known == 1 else 'were'} there already."
        if done.known
        else ""
    )
    tell(
        f"Imported {count(done.generations, 'generation')} with {count(done.pictures, 'picture')}."
        f"{known}\n"
    )
    return SUCCEEDED


def _read_path(field: str, given: str) -> Path:
    """Read a path; the system takes no NUL, and an empty one would be this folder."""
    if not given or "\0" in given:
        raise InputError(field, f"{given!r} is no path of a file. Give one like 'bundle.zip'.")
    return Path(given)
