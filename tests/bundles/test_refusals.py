"""Bundles that are broken, or made to do harm: each is refused whole, in a sentence."""

import json
import struct
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from promptflow.errors import InputError
from tests.bundles.made import (
    Files,
    Place,
    describe,
    make_rich,
    read_files,
    with_manifest,
    with_rows,
    write_files,
)
from tests.scripted import make_png

SENSELESS = "Its manifest.json makes no sense."
NEWER = "It is of a newer version of Prompt Flow: this one doesn't know {}. Get the newer one."
NO_NAME = "Its file {} has a name that no file of a bundle has."
UNFIT = "The row 'a1' of its pictures does not fit its picture."


def put(name: str, data: bytes) -> Callable[[Files], None]:
    """Return a change: one more file, or another one, without a word in the manifest."""
    return lambda files: files.update({name: data})


def drop(start: str) -> Callable[[Files], None]:
    """Return a change: the first file whose name begins like that is gone."""

    def change(files: Files) -> None:
        del files[next(name for name in sorted(files) if name.startswith(start))]

    return change


def picture(files: Files) -> str:
    """Return the name of the first picture's file."""
    return next(name for name in sorted(files) if name.startswith("images/"))


def swap(files: Files) -> None:
    """Put another picture in a picture's place."""
    files[picture(files)] = make_png(99)


def swap_and_describe(files: Files) -> None:
    """Put another picture in a picture's place, and into the manifest."""
    swap(files)
    describe(files)


def spoil(files: Files) -> None:
    """Put text in a picture's place, and into the manifest."""
    files["images/generations/g1/output/painter-1/1d0f1c3b5a1e7a0b.png"] = b"no picture"
    describe(files)


def add_described(name: str) -> Callable[[Files], None]:
    """Return a change: one more picture, in the manifest too."""

    def change(files: Files) -> None:
        files[name] = make_png(98)
        describe(files)

    return change


def drop_described(files: Files) -> None:
    """Take out a picture, and its words in the manifest."""
    del files["images/" + asset_key(files)]
    describe(files)


def asset_key(files: Files) -> str:
    """Return the key of the asset ``a1``."""
    assets = json.loads(files["ledger.json"])["assets"]
    return str(next(row["key"] for row in assets if row["id"] == "a1"))


def row(table: str, **values: object) -> Callable[[Files], None]:
    """Return a change: other values in the first row of a table."""
    return with_rows(lambda tables: tables[table][0].update(values))


def with_ledger(data: bytes) -> Callable[[Files], None]:
    """Return a change: other bytes for the rows, described as they should be."""

    def change(files: Files) -> None:
        files["ledger.json"] = data
        describe(files)

    return change


def twice(files: Files) -> None:
    """Name a file in the manifest twice."""
    manifest = json.loads(files["manifest.json"])
    manifest["files"].append(manifest["files"][0])
    files["manifest.json"] = json.dumps(manifest).encode()


CHANGES: Mapping[str, tuple[Callable[[Files], object], str]] = {
    "path that climbs": (put("../evil.txt", b"x"), NO_NAME.format("'../evil.txt'")),
    "path that climbs inside": (
        put("images/generations/../../../evil.png", b"x"),
        NO_NAME.format("'images/generations/../../../evil.png'"),
    ),
    "absolute path": (put("/etc/cron.d/x", b"x"), NO_NAME.format("'/etc/cron.d/x'")),
    "drive": (put("C:/x.png", b"x"), NO_NAME.format("'C:/x.png'")),
    "backslashes": (put("images\\x.png", b"x"), NO_NAME.format("'images\\\\x.png'")),
    "folder": (put("images/", b""), NO_NAME.format("'images/'")),
    "further file": (put("readme.txt", b"x"), NO_NAME.format("'readme.txt'")),
    "line end in a name": (put("index.html\n", b"x"), NO_NAME.format("'index.html\\n'")),
    "no manifest": (
        drop("manifest"),
        "It has no 'manifest.json', so it is no bundle of Prompt Flow.",
    ),
    "no rows": (drop("ledger"), "It has no 'ledger.json', so it is no bundle of Prompt Flow."),
    "manifest of no JSON": (put("manifest.json", b"{"), SENSELESS),
    "manifest of no text": (put("manifest.json", b"\xff"), SENSELESS),
    "manifest of a list": (put("manifest.json", b"[]"), SENSELESS),
    "manifest that is deep": (put("manifest.json", b"[" * 100_000), SENSELESS),
    "another format": (with_manifest(format="zip"), SENSELESS),
    "no version": (with_manifest(version=None), SENSELESS),
    "version 0": (with_manifest(version=0), SENSELESS),
    "newer format": (with_manifest(version=2, files=None), NEWER.format("its format")),
    "newer schema": (with_manifest(schema="m999_read_minds"), NEWER.format("'m999_read_minds'")),
    "schema of no text": (with_manifest(schema=3), SENSELESS),
    "no generations": (with_manifest(generations=[]), SENSELESS),
    "other generations": (
        with_manifest(generations=["g1", "g2"]),
        "Its manifest and its ledger.json disagree on the generations in it.",
    ),
    "files of no list": (with_manifest(files={}), SENSELESS),
    "file without hash": (with_manifest(files=[{"name": "a", "size_bytes": 1}]), SENSELESS),
    "hash of another length": (
        with_manifest(files=[{"name": "a", "sha256": "ab", "size_bytes": 1}]),
        SENSELESS,
    ),
    "file named twice": (twice, SENSELESS),
    "file that is not there": (
        drop("images/"),
        "It and its manifest.json disagree on the file 'images/generations/g1/output/painter-1/",
    ),
    "file that is not named": (
        put("images/generations/g1/output/m/0123456789abcdef.png", b"x"),
        "It and its manifest.json disagree on the file 'images/generations/g1/output/m/",
    ),
    "picture of other bytes": (swap, "is not the one that its manifest.json describes."),
    "rows of other bytes": (
        put("ledger.json", b"{}"),
        "Its file 'ledger.json' is not the one that its manifest.json describes.",
    ),
    "page of other bytes": (
        put("index.html", b"<script>"),
        "Its file 'index.html' is not the one that its manifest.json describes.",
    ),
    "other picture, described": (swap_and_describe, "of its pictures does not fit its picture."),
    "picture without a row": (
        add_described("images/generations/g1/output/painter-1/0123456789abcdef.png"),
        "Its picture 'images/generations/g1/output/painter-1/0123456789abcdef.png' "
        "belongs to no row.",
    ),
    "row without a picture": (drop_described, "Its picture 'images/generations/g1/output/"),
    "text for a picture": (spoil, "belongs to no row."),
    "rows of no JSON": (
        with_ledger(b"{"),
        "Its ledger.json makes no sense.",
    ),
    "rows of a list": (
        with_ledger(b"[]"),
        "Tables generations, stages, prompts, runs, attempts, assets, generation_tags, asset_tags",
    ),
    "unknown table": (
        with_rows(lambda tables: tables.update({"sqlite_schema": []})),
        "Tables generations, stages, prompts, runs, attempts, assets, generation_tags, asset_tags",
    ),
    "table of no list": (
        with_rows(lambda tables: tables.update({"runs": {}})),  # type: ignore[dict-item]  # wrong
        "The rows of its table 'runs' are no list of rows.",
    ),
    "row of no object": (
        with_rows(lambda tables: tables["runs"].append(1)),  # type: ignore[arg-type]  # wrong
        "The rows of its table 'runs' are no list of rows.",
    ),
    "unknown column": (
        row("runs", **{"id) VALUES (1); --": 1}),
        "Its table 'runs' has a column 'id) VALUES (1); --', which that schema has not.",
    ),
    "number for a text": (
        row("runs", provider=7),
        "A value in the column 'provider' of its table 'runs' is of another type than TEXT.",
    ),
    "text for a number": (
        row("runs", total_ms="7"),
        "A value in the column 'total_ms' of its table 'runs' is of another type than INTEGER.",
    ),
    "truth for a number": (
        row("runs", total_ms=True),
        "A value in the column 'total_ms' of its table 'runs' is of another type than INTEGER.",
    ),
    "number that is too large": (
        row("runs", total_ms=2**63),
        "A value in the column 'total_ms' of its table 'runs' is of another type than INTEGER.",
    ),
    "half a surrogate pair": (
        row("generations", title="\ud800"),
        "A value in the column 'title' of its table 'generations' is of another type than TEXT.",
    ),
    "nothing where something must be": (
        row("runs", provider=None),
        "Its rows don't fit together (NOT NULL constraint failed: runs.provider).",
    ),
    "row without id": (
        row("stages", id=None),
        "Its rows don't fit together (NOT NULL constraint failed: stages.id).",
    ),
    "row twice": (
        with_rows(lambda tables: tables["prompts"].append(tables["prompts"][0])),
        "Its rows don't fit together (UNIQUE constraint failed: prompts.id).",
    ),
    "row that points nowhere": (
        row("runs", prompt_id="nowhere"),
        "A row of the table 'runs' points at one of 'prompts' that is not there.",
    ),
    "status that is none": (
        row("generations", status="dreaming"),
        "The rows of the generation 'g1' make no sense (ValueError(\"'dreaming'",
    ),
    "parameters of a list": (
        row("generations", parameters="[]"),
        "The rows of the generation 'g1' make no sense (AttributeError(",
    ),
    "time that is none": (
        row("generations", created_at="yesterday"),
        "The rows of the generation 'g1' make no sense (ValueError(",
    ),
    "running": (
        row("generations", status="running", finished_at=None),
        "Its generation 'g1' is still running.",
    ),
    "another size in pixels": (row("assets", width_px=1), UNFIT),
    "another type": (row("assets", mime="image/webp"), UNFIT),
    "another role": (row("assets", role="reference"), UNFIT),
    "key of another place": (
        row("assets", key="../../evil.png"),
        "Its picture 'images/../../evil.png' is not in it.",
    ),
}


def refuse(place: Place, path: Path) -> str:
    """Import a bundle, see that it is refused and nothing was changed, and return why."""
    before = place.generations(), place.pictures()
    with pytest.raises(InputError) as caught:
        place.take(path)
    assert (place.generations(), place.pictures()) == before
    start, end = f"The bundle {str(path)!r} can't be imported. ", " Nothing was imported."
    message = caught.value.message
    assert message.startswith(start)
    assert message.endswith(end)
    assert caught.value.field == "bundle"
    return message.removeprefix(start).removesuffix(end)


@pytest.mark.parametrize("case", CHANGES)
def test_a_bundle_that_was_tampered_with_is_refused_whole(
    case: str, bundle: Path, untouched: Place, tmp_path: Path
) -> None:
    """Names, hashes, versions, tables, columns, types, references: each has its own sentence."""
    change, said = CHANGES[case]
    files = read_files(bundle)
    change(files)
    write_files(tmp_path / "bundle.zip", files)

    why = refuse(untouched, tmp_path / "bundle.zip")

    assert said in why
    assert why.endswith(".")


def test_a_role_that_is_not_known_is_refused(
    bundle: Path, untouched: Place, tmp_path: Path
) -> None:
    """A picture of a role that this version doesn't have can't be kept."""
    files = read_files(bundle)
    key = asset_key(files)
    odd = key.replace("/output/", "/sculpture/")
    files["images/" + odd] = files.pop("images/" + key)
    with_rows(
        lambda tables: next(one for one in tables["assets"] if one["id"] == "a1").update(
            key=odd, role="sculpture", run_id=None
        )
    )(files)
    write_files(tmp_path / "bundle.zip", files)

    assert "has a role that is not known" in refuse(untouched, tmp_path / "bundle.zip")


def test_rows_that_differ_from_the_ledgers_are_refused(bundle: Path, tmp_path: Path) -> None:
    """The same id with other words is never overwritten, and nothing else of the bundle comes in."""
    place = make_rich(tmp_path / "rich")
    files = read_files(bundle)
    row("prompts", text="other words")(files)
    write_files(tmp_path / "bundle.zip", files)

    why = refuse(place, tmp_path / "bundle.zip")

    assert why == (
        "The row 'prompt-r1' of the table 'prompts' is in this ledger already, and differs."
    )


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (None, "It is no file. Give the path of a bundle."),
        (b"", "It is no zip file, or a damaged one."),
        (b"PK\x03\x04" + b"x" * 500, "It is no zip file, or a damaged one."),
        (b"PK\x05\x06" + bytes(18), "It has no 'index.html', so it is no bundle of Prompt Flow."),
        (b"PK\x05\x06" + b"\xff" * 18, "It is no zip file, or a damaged one."),
    ],
)
def test_what_is_no_bundle_is_refused(
    data: bytes | None, said: str, untouched: Place, tmp_path: Path
) -> None:
    """Nothing there, an empty file, noise, an empty archive."""
    path = tmp_path / "bundle.zip"
    if data is not None:
        path.write_bytes(data)

    assert refuse(untouched, path) == said


def test_a_folder_is_no_bundle(untouched: Place, tmp_path: Path) -> None:
    """A folder, such as one into which a bundle was unpacked, is told from a file."""
    assert refuse(untouched, tmp_path) == "It is no file. Give the path of a bundle."


def test_a_bundle_that_breaks_off_anywhere_is_refused(
    bundle: Path, untouched: Place, tmp_path: Path
) -> None:
    """At each length it is no zip file any more."""
    data, path = bundle.read_bytes(), tmp_path / "bundle.zip"

    for length in range(0, len(data), len(data) // 20):
        path.write_bytes(data[:length])
        assert refuse(untouched, path) == "It is no zip file, or a damaged one."


def test_changed_bytes_are_found(bundle: Path, untouched: Place, tmp_path: Path) -> None:
    """Whatever byte of a file is changed, it is refused before anything is written."""
    data, path = bundle.read_bytes(), tmp_path / "bundle.zip"
    with zipfile.ZipFile(bundle) as archive:
        starts = {entry.filename: entry.header_offset + 30 for entry in archive.infolist()}

    for name, start in starts.items():
        at = start + len(name) + 2
        path.write_bytes(data[:at] + bytes((data[at] ^ 1,)) + data[at + 1 :])
        assert "is damaged." in refuse(untouched, path)


def test_a_name_that_is_there_twice_is_refused(
    bundle: Path, untouched: Place, tmp_path: Path
) -> None:
    """Of two files of one name nobody could say which was checked."""
    path = tmp_path / "bundle.zip"
    write_files(path, read_files(bundle))
    with pytest.warns(UserWarning, match="Duplicate"), zipfile.ZipFile(path, "a") as archive:
        archive.writestr("ledger.json", b"{}")

    assert refuse(untouched, path) == "Two of its files have the same name."


def test_a_link_is_refused(bundle: Path, untouched: Place, tmp_path: Path) -> None:
    """An entry that would be a symbolic link is no file, whatever its name."""
    path = tmp_path / "bundle.zip"
    files = read_files(bundle)
    name = picture(files)
    del files[name]
    write_files(path, files)
    link = zipfile.ZipInfo(name)
    link.create_system, link.external_attr = 3, 0o120777 << 16
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(link, "/etc/passwd")

    assert refuse(untouched, path).endswith("is a link or something else that is no file.")


@pytest.mark.parametrize(("packing", "flag"), [(zipfile.ZIP_LZMA, 0), (zipfile.ZIP_STORED, 1)])
def test_other_packings_are_refused(
    packing: int, flag: int, bundle: Path, untouched: Place, tmp_path: Path
) -> None:
    """Only what is stored or deflated is read; nothing that is encrypted."""
    path = tmp_path / "bundle.zip"
    write_files(path, read_files(bundle), packing)
    data = bytearray(path.read_bytes())
    data[data.rindex(b"PK\x01\x02") + 8] |= flag
    path.write_bytes(data)

    assert refuse(untouched, path).endswith("is encrypted, or packed in a way that is not known.")


def test_a_bomb_is_refused_by_what_it_says_of_itself(
    bundle: Path, untouched: Place, tmp_path: Path
) -> None:
    """A file that unfolds into a thousand times its size is not unfolded."""
    path = tmp_path / "bundle.zip"
    write_files(path, read_files(bundle) | {"index.html": bytes(9_000_000)}, zipfile.ZIP_DEFLATED)

    assert refuse(untouched, path) == (
        "Its file 'index.html' unfolds into more than 200 times its size."
    )


def _say(path: Path, name: str, *, unpacked: int | None = None, packed: int | None = None) -> None:
    """Have the archive's directory tell other sizes of a file."""
    data = bytearray(path.read_bytes())
    at = data.rindex(name.encode()) - 46
    assert data[at : at + 4] == b"PK\x01\x02"
    if packed is not None:
        struct.pack_into("<I", data, at + 20, packed)
    if unpacked is not None:
        struct.pack_into("<I", data, at + 24, unpacked)
    path.write_bytes(data)


@pytest.mark.parametrize(
    ("name", "unpacked", "packed", "said"),
    [
        ("index.html", 300_000_000, 300_000_000, "has 300,000,000 bytes; at most 256,000,000 are"),
        ("manifest.json", 33_000_000, 33_000_000, "has 33,000,000 bytes; at most 32,000,000 are"),
        ("index.html", 90_000_000, 90_000_000, "Its files lie one upon the other."),
        ("index.html", 10, 10, "Its file 'index.html' is damaged."),
        ("index.html", 10, None, "Its file 'index.html' is not as large as it says."),
        ("index.html", 900_000, None, "Its file 'index.html' is not as large as it says."),
    ],
)
def test_sizes_that_are_lied_about_are_found(
    name: str,
    unpacked: int | None,
    packed: int | None,
    said: str,
    bundle: Path,
    untouched: Place,
    tmp_path: Path,
) -> None:
    """Too large, one upon the other, or other than what is there."""
    path = tmp_path / "bundle.zip"
    path.write_bytes(bundle.read_bytes())
    _say(path, name, unpacked=unpacked, packed=packed)

    assert said in refuse(untouched, path)


def test_too_many_files_are_refused(untouched: Place, tmp_path: Path) -> None:
    """They are counted before they are looked at."""
    path = tmp_path / "bundle.zip"
    entry = struct.pack("<4s6H3I5H2I", b"PK\x01\x02", *[0] * 9, 1, *[0] * 6) + b"x"
    directory = entry * 100_001
    end = struct.pack("<4s4H2IH", b"PK\x05\x06", 0, 0, 1, 1, len(directory), 0, 0)
    path.write_bytes(directory + end)

    assert refuse(untouched, path) == "It has 100,001 files; at most 100,000 are accepted."
