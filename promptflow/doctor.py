"""Examines an installation and says what it finds in words a newcomer understands. Floor 7."""

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

from promptflow.budget import GENERATION_LIMIT, MONTHLY_LIMIT, format_limit
from promptflow.errors import PromptflowError, SetupError
from promptflow.inventory import Inventory
from promptflow.laboratory import Laboratory, open_laboratory
from promptflow.ledger import Ownership
from promptflow.settings import Settings
from promptflow.storage.b2 import B2Bucket
from promptflow.wording import count, format_size
from promptflow.workshop import MIN_FREE_BYTES


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that was looked at."""

    what: str
    fine: bool
    said: str
    """What was found and, where it isn't fine, what to do."""


def examine(settings: Settings, *, prune: bool = False) -> tuple[Finding, ...]:
    """Look at the database, the storage, the pictures, the catalogue and the keys.

    Args:
        settings: how the installation is set up.
        prune: remove what is stored and not recorded; else it is only told.

    Returns:
        A finding for each thing looked at; a single one where the rest can't be reached.
    """
    try:
        lab = open_laboratory(settings)
    except PromptflowError as error:
        return (Finding(what="setup", fine=False, said=error.message),)
    checks: tuple[tuple[str, Callable[[Laboratory], Iterator[Finding]]], ...] = (
        ("database", _examine_database),
        ("storage", _examine_storage),
        ("bucket", _examine_bucket),
        ("outbox", _examine_outbox),
        ("pictures", partial(_examine_pictures, prunes=prune)),
        ("flows", _examine_flows),
        ("limits", _examine_limits),
        ("catalogue", _examine_catalog),
        ("keys", _examine_keys),
    )
    findings: list[Finding] = []
    for what, check in checks:
        try:
            findings.extend(check(lab))
        except PromptflowError as error:
            findings.append(Finding(what=what, fine=False, said=error.message))
    lab.ledger.close()
    return tuple(findings)


def _examine_database(lab: Laboratory) -> Iterator[Finding]:
    said = "; ".join(lab.ledger.check())
    yield Finding(what="database", fine=True, said=f"{str(lab.settings.database)!r}, {said}")


def _examine_storage(lab: Laboratory) -> Iterator[Finding]:
    folder = lab.settings.data_dir
    lab.archive.store.check_writable()
    free_bytes = shutil.disk_usage(folder).free
    if free_bytes < MIN_FREE_BYTES:
        said = (
            f"only {format_size(free_bytes)} are free in {str(folder)!r}; nothing is started below "
            f"{format_size(MIN_FREE_BYTES)}. Free some space."
        )
        yield Finding(what="storage", fine=False, said=said)
        return
    kept = "wait to be uploaded" if lab.settings.bucket else "are kept"
    said = f"pictures {kept} in {str(folder)!r}, {format_size(free_bytes)} are free"
    yield Finding(what="storage", fine=True, said=said)


def _examine_bucket(lab: Laboratory) -> Iterator[Finding]:
    settings = lab.settings.bucket
    if settings is None:
        said = (
            "none is set up, so pictures stay on this machine; B2_BUCKET_NAME and the other B2_ "
            "variables set one up"
        )
        yield Finding(what="bucket", fine=True, said=said)
        return
    # One try: four of them take 40 s where nobody answers.
    bucket = B2Bucket(settings, attempts=1)
    try:
        bucket.check()
    finally:
        bucket.close()
    said = f"{settings.bucket!r} of {settings.title} can be written, read, listed and cleared"
    yield Finding(what="bucket", fine=True, said=said)


def _examine_outbox(lab: Laboratory) -> Iterator[Finding]:
    waiting = lab.ledger.assets.read_waiting()
    if not waiting.pictures:
        yield Finding(what="outbox", fine=True, said="it is empty")
        return
    if lab.settings.bucket is None:
        said = (
            f"{count(waiting.pictures, 'object')} to be uploaded, but no bucket is set up. Set it up "
            "again, or move them with `python -m promptflow migrate-storage --to local`."
        )
        yield Finding(what="outbox", fine=False, said=said)
        return
    why = f" The last try: {waiting.trouble.message}" if waiting.trouble else ""
    said = (
        f"{count(waiting.pictures, 'object')} to be uploaded.{why} `python -m promptflow sync` uploads "
        "them now."
    )
    yield Finding(what="outbox", fine=False, said=said)


def _examine_pictures(lab: Laboratory, *, prunes: bool) -> Iterator[Finding]:
    """Compare what is stored with what is recorded, wherever it is."""
    found = lab.archive.take_inventory()
    if found.missing:
        said = (
            f"{count(len(found.missing), 'picture')} recorded but not there, the first is "
            f"{found.missing[0].key!r}. `python -m promptflow sync` looks for them in the other places; "
            "else bring them back from a backup."
        )
        yield Finding(what="pictures", fine=False, said=said)
    elif found.out_of_reach:
        yield Finding(what="pictures", fine=False, said=tell_out_of_reach(found))
    else:
        yield Finding(what="pictures", fine=True, said="every recorded picture is there")
    if found.half_purged:
        said = (
            f"a purge was broken off with {count(found.half_purged, 'object')} left. "
            "`python -m promptflow purge --yes` goes on with it."
        )
        yield Finding(what="purge", fine=False, said=said)
    if found.left_over:
        said = (
            f"{count(len(found.left_over), 'object')} stored in one place too many, the first is "
            f"{found.left_over[0].key!r}. `python -m promptflow sync` removes them."
        )
        yield Finding(what="left-overs", fine=False, said=said)
    if found.unrecorded and prunes:
        removed = lab.archive.prune()
        said = f"{count(len(removed), 'object')} removed that no generation here knows"
        yield Finding(what="unrecorded", fine=True, said=said)
    elif found.unrecorded:
        size_bytes = sum(stored.size_bytes for stored in found.unrecorded)
        said = (
            f"{count(len(found.unrecorded), 'object')} of {format_size(size_bytes)} stored that no "
            f"generation here knows, the first is {found.unrecorded[0].key!r}. They may be another "
            "ledger's; `python -m promptflow doctor --prune` removes them for good."
        )
        yield Finding(what="unrecorded", fine=False, said=said)


def tell_out_of_reach(found: Inventory) -> str:
    """Say of what is in a bucket that it can't be looked at.

    Args:
        found: what was compared, without a bucket.
    """
    return (
        f"{count(found.out_of_reach, 'object')} in a bucket, but none is set up, so nobody can say "
        "whether they are there. Set the B2_ variables to those they were uploaded with."
    )


def _examine_flows(lab: Laboratory) -> Iterator[Finding]:
    # What the first flow of a process does first.
    Ownership.claim(lab.settings.data_dir).release()
    yield Finding(what="flows", fine=True, said="they can be started")


def _examine_limits(lab: Laboratory) -> Iterator[Finding]:
    limits = lab.settings.limits
    if not limits.variables:
        said = f"none is set; {MONTHLY_LIMIT} and {GENERATION_LIMIT} set them, in dollars"
        yield Finding(what="limits", fine=True, said=said)
        return
    parts = []
    if limits.generation_micro_usd is not None:
        parts.append(f"at most {format_limit(limits.generation_micro_usd)} a generation")
    if limits.monthly_micro_usd is not None:
        spent = lab.spending.read_month_spend()
        parts.append(
            f"at most {format_limit(limits.monthly_micro_usd)} a month, of which "
            f"{format_limit(spent.committed_micro_usd)} are spent or set aside"
        )
        if spent.unknown_calls:
            unknown = count(spent.unknown_calls, "call")
            parts.append(f"the cost of {unknown} of this month is unknown")
    yield Finding(what="limits", fine=True, said="; ".join(parts))


def _examine_catalog(lab: Laboratory) -> Iterator[Finding]:
    catalog = lab.catalog
    usable = lab.models.available((*catalog.text_models, *catalog.image_models))
    said = (
        f"{count(len(catalog.text_models), 'text model')} and "
        f"{count(len(catalog.image_models), 'image model')}, {len(usable)} of them can be used now"
    )
    enough = bool(
        lab.models.available(catalog.text_models) and lab.models.available(catalog.image_models)
    )
    yield Finding(what="catalogue", fine=enough, said=said)


def _examine_keys(lab: Laboratory) -> Iterator[Finding]:
    for provider in lab.catalog.providers:
        if not provider.key_variables:
            yield Finding(what=provider.title, fine=True, said=f"needs no key; {provider.note}")
            continue
        try:
            lab.models.check_provider(provider.id)
        except SetupError as error:
            yield Finding(what=provider.title, fine=False, said=error.message)
            continue
        held = [name for name in provider.key_variables if name in lab.settings.variables]
        said = (
            f"{held[0]} is set"
            if held
            else f"no key, so its models are off; set {provider.key_variables[0]} to use them"
        )
        yield Finding(what=provider.title, fine=True, said=said)
