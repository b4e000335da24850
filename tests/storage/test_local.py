"""Pictures in a folder: kept whole, found again, and never anywhere else."""

import hashlib
import os
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from promptflow.errors import PictureError, StorageError
from promptflow.records import Asset, AssetRole
from promptflow.storage.local import LocalStore
from tests.storage.tiny_disk import run_on_tiny_disk

GENERATION = "019a0000-0000-7000-8000-000000000001"
KEY = f"generations/{GENERATION}/output/painter-1/0123456789abcdef.png"


def encode(shade: int = 0, kind: str = "PNG") -> bytes:
    """Encode a picture of 4 by 3 pixels in one shade."""
    file = BytesIO()
    Image.new("RGB", (4, 3), (shade, 0, 0)).save(file, kind)
    return file.getvalue()


def write(store: LocalStore, data: bytes, model: str = "painter-1") -> Asset:
    """Write a picture of the one generation of these tests."""
    return store.write(generation_id=GENERATION, role=AssetRole.OUTPUT, model=model, data=data)


@pytest.fixture
def store(tmp_path: Path) -> LocalStore:
    """A store over a folder that isn't there yet."""
    return LocalStore(tmp_path / "data")


def test_a_picture_is_described_as_it_is(store: LocalStore) -> None:
    """What is written comes back as an asset that says what and where it is."""
    data = encode()
    digest = hashlib.sha256(data).hexdigest()

    asset = write(store, data)

    assert asset == Asset(
        asset_id=asset.asset_id,
        role=AssetRole.OUTPUT,
        backend="local",
        key=f"generations/{GENERATION}/output/painter-1/{digest[:16]}.png",
        sha256=digest,
        mime="image/png",
        width_px=4,
        height_px=3,
        size_bytes=len(data),
    )
    assert asset.asset_id[14] == "7"


def test_a_picture_comes_back_byte_for_byte(store: LocalStore) -> None:
    """Read gives exactly what was written."""
    data = encode(kind="WEBP")

    asset = write(store, data)

    assert store.read(asset.key) == data
    assert store.path(asset.key).read_bytes() == data
    assert store.holds(asset.key)


def test_the_extension_follows_the_content(store: LocalStore) -> None:
    """A JPEG is kept as .jpg, whatever the model called it."""
    assert write(store, encode(kind="JPEG")).key.endswith(".jpg")


def test_the_same_picture_twice_is_one_file(store: LocalStore) -> None:
    """The same bytes share a file and stay untouched, under two asset ids."""
    first = write(store, encode())
    before = store.path(first.key).stat()

    second = write(store, encode())

    assert second.key == first.key
    assert second.asset_id != first.asset_id
    assert store.path(first.key).stat().st_ino == before.st_ino


def test_a_damaged_file_is_mended_by_writing_it_again(store: LocalStore) -> None:
    """Bytes that don't fit their name are replaced when the right ones come."""
    asset = write(store, encode())
    store.path(asset.key).write_bytes(b"damaged")

    write(store, encode())

    assert store.read(asset.key) == encode()


def test_nothing_half_written_stays(store: LocalStore) -> None:
    """After a write there is the picture and nothing else."""
    asset = write(store, encode())

    assert list(store.path(asset.key).parent.iterdir()) == [store.path(asset.key)]


def test_eight_threads_may_write_the_same_picture(store: LocalStore) -> None:
    """Writers of the same bytes don't disturb one another."""
    data = encode()
    with ThreadPoolExecutor(8) as threads:
        assets = list(threads.map(lambda _: write(store, data), range(64)))

    assert {asset.key for asset in assets} == {assets[0].key}
    assert store.read(assets[0].key) == data
    assert len(list(store.path(assets[0].key).parent.iterdir())) == 1


@pytest.mark.parametrize("data", [b"", b"no picture", encode()[:40], encode(kind="GIF")])
def test_what_is_no_picture_leaves_no_trace(store: LocalStore, data: bytes) -> None:
    """Empty, foreign, truncated or unaccepted bytes are refused and nothing is stored."""
    with pytest.raises(PictureError):
        write(store, data)

    assert list(store.list_generation(GENERATION)) == []


@pytest.mark.parametrize(
    "generation_id", ["", ".", "..", "../up", "/etc", "a/b", "a\\b", "a\0b", "a\n", "ä", "x" * 65]
)
def test_a_generation_id_that_is_no_name_is_refused(
    store: LocalStore, generation_id: str, tmp_path: Path
) -> None:
    """A generation id outside the pattern never becomes part of a path."""
    with pytest.raises(StorageError, match="can't be part of a path"):
        store.write(generation_id=generation_id, role=AssetRole.OUTPUT, model="m", data=encode())
    with pytest.raises(StorageError, match="can't be part of a path"):
        list(store.list_generation(generation_id))
    with pytest.raises(StorageError, match="can't be part of a path"):
        store.remove_leftovers(generation_id)

    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "model", ["", ".", "..", ".hidden", "a/b", "../up", "a b", "a:b", "x" * 129]
)
def test_a_model_id_that_is_no_name_is_refused(
    store: LocalStore, model: str, tmp_path: Path
) -> None:
    """A model id outside the pattern never becomes part of a path."""
    with pytest.raises(StorageError, match="can't be part of a path"):
        write(store, encode(), model)

    assert list(tmp_path.iterdir()) == []


def test_model_ids_may_hold_dots_dashes_and_underscores(store: LocalStore) -> None:
    """The ids that real models have are accepted as they are."""
    assert "/Painter_1.5-pro/" in write(store, encode(), "Painter_1.5-pro").key


@pytest.mark.parametrize(
    "key",
    [
        "",
        "../secret.png",
        "/etc/passwd",
        f"/{KEY}",
        f"{KEY}/",
        f"{KEY}\n",
        f"./{KEY}",
        KEY.replace("output", "unknown"),
        KEY.replace("painter-1", ".."),
        KEY.replace(".png", ".gif"),
        KEY.replace("0123456789abcdef", "0123456789ABCDEF"),
        KEY.replace("/output", "/../output"),
    ],
)
def test_a_key_that_is_not_ours_is_refused(store: LocalStore, key: str) -> None:
    """Only keys as they are written are looked up."""
    with pytest.raises(StorageError, match="is no key of a picture"):
        store.read(key)


def test_a_link_in_the_place_of_a_picture_is_not_followed_out(
    store: LocalStore, tmp_path: Path
) -> None:
    """A picture that is a link to a file elsewhere is refused."""
    asset = write(store, encode())
    outside = tmp_path / "outside.png"
    store.path(asset.key).rename(outside)
    (tmp_path / "data" / asset.key).symlink_to(outside)

    with pytest.raises(StorageError, match="through a link"):
        store.read(asset.key)
    with pytest.raises(StorageError, match="through a link"):
        write(store, encode())


def test_a_link_on_the_way_is_not_followed_out(store: LocalStore, tmp_path: Path) -> None:
    """A folder that is a link to a folder elsewhere is refused, and nothing is made there."""
    outside = tmp_path / "outside"
    outside.mkdir()
    (tmp_path / "data" / "generations").mkdir(parents=True)
    (tmp_path / "data" / "generations" / GENERATION).symlink_to(outside)

    with pytest.raises(StorageError, match="through a link"):
        write(store, encode())
    with pytest.raises(StorageError, match="through a link"):
        list(store.list_generation(GENERATION))

    assert list(outside.iterdir()) == []


def test_the_folder_itself_may_be_a_link(tmp_path: Path) -> None:
    """An operator may keep the data on another disk behind a link."""
    (tmp_path / "disk").mkdir()
    (tmp_path / "data").symlink_to(tmp_path / "disk")
    store = LocalStore(tmp_path / "data")

    asset = write(store, encode())

    assert store.read(asset.key) == encode()
    assert [key for key, _, _ in store.list_generation(GENERATION)] == [asset.key]


def test_a_missing_picture_is_named(store: LocalStore) -> None:
    """A key without a file is reported with what to do."""
    with pytest.raises(StorageError, match=r"0123456789abcdef\.png' is not in .* backup"):
        store.read(KEY)

    assert not store.holds(KEY)


@pytest.mark.parametrize("damage", [b"", b"x", encode(shade=9)])
def test_a_picture_that_was_changed_is_not_handed_out(store: LocalStore, damage: bytes) -> None:
    """Bytes that no longer fit the name are reported instead of returned."""
    asset = write(store, encode())
    store.path(asset.key).write_bytes(damage)

    with pytest.raises(StorageError, match="was changed after it was stored"):
        store.read(asset.key)


def test_a_folder_in_the_place_of_a_picture_is_reported(store: LocalStore) -> None:
    """What can't be read at all is a sentence, too."""
    (store.path(KEY)).mkdir(parents=True)

    with pytest.raises(StorageError, match=r"can't be read \(Is a directory\)"):
        store.read(KEY)


def test_what_is_stored_is_listed_by_key(store: LocalStore) -> None:
    """A generation's pictures are listed with role and model; other files are left out."""
    keys = sorted(
        [write(store, encode(1)).key, write(store, encode(2)).key, write(store, encode(1), "b").key]
    )
    (store.path(keys[0]).parent / "notes.txt").write_text("mine")

    listed = list(store.list_generation(GENERATION))

    assert [key for key, _, _ in listed] == keys
    assert {role for _, role, _ in listed} == {AssetRole.OUTPUT}
    assert [model for _, _, model in listed] == ["b", "painter-1", "painter-1"]


def test_a_generation_without_pictures_lists_nothing(store: LocalStore) -> None:
    """Nothing stored is an empty list, not an error."""
    assert list(store.list_generation(GENERATION)) == []


def test_a_store_describes_under_its_own_name(tmp_path: Path) -> None:
    """An outbox is a store over another folder: the same keys, another backend."""
    kept = write(LocalStore(tmp_path / "data"), encode())
    waiting = write(LocalStore(tmp_path / "outbox", backend="outbox"), encode())

    assert (kept.backend, waiting.backend) == ("local", "outbox")
    assert kept.key == waiting.key


def test_a_thumbnail_has_a_place_of_its_own(store: LocalStore) -> None:
    """Thumbnails lie beside the pictures, under their own role."""
    asset = store.write(
        generation_id=GENERATION,
        role=AssetRole.THUMBNAIL,
        model="painter-1",
        data=encode(kind="WEBP"),
    )

    assert asset.key.startswith(f"generations/{GENERATION}/thumbnail/painter-1/")
    assert asset.key.endswith(".webp")
    assert list(store.list_generation(GENERATION)) == [
        (asset.key, AssetRole.THUMBNAIL, "painter-1")
    ]


def test_all_that_is_stored_is_listed(store: LocalStore) -> None:
    """Every picture of every generation is listed with its size; other files are left out."""
    first = write(store, encode(1))
    other = store.write(
        generation_id="another", role=AssetRole.REFERENCE, model="upload", data=encode(2)
    )
    (store.path(first.key).parent / "notes.txt").write_text("mine")
    (store.path(first.key).parent / ".0123456789abcdef.png.4711.1.part").write_bytes(b"half")

    assert sorted(store.list_keys()) == sorted(
        (asset.key, asset.size_bytes) for asset in (first, other)
    )


def test_an_empty_store_lists_nothing(store: LocalStore) -> None:
    """A folder that isn't there yet holds no pictures."""
    assert list(store.list_keys()) == []


def test_a_picture_can_be_removed(store: LocalStore) -> None:
    """A removed picture is gone, and removing it again is nothing; others stay."""
    asset, other = write(store, encode(1)), write(store, encode(2))

    store.remove(asset.key)
    store.remove(asset.key)

    assert [key for key, _ in store.list_keys()] == [other.key]


def test_folders_that_are_left_empty_go_too(store: LocalStore) -> None:
    """With the last picture of a model, a role and a generation its folder goes; the top one stays."""
    asset, other = write(store, encode(1)), write(store, encode(2), model="painter-2")
    generation = store.path(asset.key).parents[2]

    store.remove(asset.key)
    assert [path.name for path in (generation / "output").iterdir()] == ["painter-2"]
    store.remove(other.key)

    assert list(generation.parent.iterdir()) == []


def test_a_folder_may_go_while_another_writes_into_it(store: LocalStore) -> None:
    """Writers find their folder again, and who lists is not disturbed, whenever it is removed."""
    done = threading.Event()

    def come_and_go(shade: int) -> None:
        for _ in range(300):
            asset = write(store, encode(shade))
            assert store.read(asset.key) == encode(shade)
            store.remove(asset.key)

    def look() -> None:
        while not done.is_set():
            list(store.list_keys())
            list(store.list_generation(GENERATION))

    with ThreadPoolExecutor(5) as threads:
        looking = threads.submit(look)
        working = [threads.submit(come_and_go, shade) for shade in range(4)]
        try:
            for each in working:
                each.result()
        finally:
            done.set()
        looking.result()

    assert store.list_generations() == ()


def test_what_is_no_file_is_not_removed(store: LocalStore) -> None:
    """A key that stands for something else is reported, one below a file is nothing."""
    store.path(KEY).mkdir(parents=True)
    (store.path(KEY).parents[2] / "reference").write_text("a file")

    store.remove(KEY.replace("/output/", "/reference/"))
    with pytest.raises(StorageError, match="Make that folder writable"):
        store.remove(KEY)
    with pytest.raises(StorageError, match="is no key of a picture"):
        store.remove("../secret.png")

    assert store.path(KEY).is_dir()


def test_only_leftovers_are_removed(store: LocalStore) -> None:
    """Half-written files go, whole pictures and foreign files stay."""
    asset = write(store, encode())
    folder = store.path(asset.key).parent
    (folder / ".0123456789abcdef.png.4711.1.part").write_bytes(b"half")
    (folder / "mine.part").write_bytes(b"mine")

    store.remove_leftovers(GENERATION)

    assert {path.name for path in folder.iterdir()} == {store.path(asset.key).name, "mine.part"}


def test_folders_that_a_killed_process_left_empty_are_removed(store: LocalStore) -> None:
    """A generation without pictures leaves no folders; one with a foreign file keeps that."""
    store.path(KEY).parent.mkdir(parents=True)
    (store.path(KEY).parents[1].with_name("reference")).mkdir()
    kept = store.path(KEY.replace(GENERATION, "another")).with_name("notes.txt")
    kept.parent.mkdir(parents=True)
    kept.write_text("mine")

    store.remove_leftovers(GENERATION)
    store.remove_leftovers("another")

    assert store.list_generations() == ("another",)
    assert kept.is_file()


def test_empty_folders_elsewhere_stay(store: LocalStore, tmp_path: Path) -> None:
    """A link to another place makes nothing there one of the store's folders."""
    mine = tmp_path / "mine" / "empty"
    mine.mkdir(parents=True)
    store.path(KEY).parents[2].mkdir(parents=True)
    store.path(KEY).parents[1].symlink_to(mine.parent)

    store.remove_leftovers(GENERATION)

    assert mine.is_dir()


def test_a_stored_picture_can_be_described_again(store: LocalStore) -> None:
    """A file without a record gets the description it had, under a new id."""
    asset = write(store, encode())

    again = store.describe(asset.key)

    assert again.asset_id != asset.asset_id
    assert (again.key, again.sha256, again.mime) == (asset.key, asset.sha256, asset.mime)


def test_a_picture_under_the_wrong_extension_is_not_described(store: LocalStore) -> None:
    """A name that contradicts the content is reported."""
    asset = write(store, encode())
    store.path(asset.key).rename(store.path(asset.key).with_suffix(".jpg"))

    with pytest.raises(StorageError, match="is of the type image/png"):
        store.describe(asset.key.replace(".png", ".jpg"))


def test_a_file_in_the_place_of_the_folder_is_reported(tmp_path: Path) -> None:
    """A folder that can't be made is a sentence with its name and the cause."""
    (tmp_path / "data").write_text("a file")
    store = LocalStore(tmp_path / "data")

    with pytest.raises(StorageError, match=r"can't be written to '.*data' \(.*\)\. Make"):
        write(store, encode())
    with pytest.raises(StorageError, match=r"can't be written to '.*data' \(.*\)\. Make"):
        store.check_writable()


def test_a_writable_folder_passes_the_check(store: LocalStore, tmp_path: Path) -> None:
    """The check makes the folder and leaves nothing in it."""
    store.check_writable()

    assert [path.name for path in (tmp_path / "data").rglob("*")] == ["generations"]


FILL_DISK = f"""
import sys
import threading
from io import BytesIO
from pathlib import Path
import numpy
from PIL import Image
from promptflow.errors import StorageError
from promptflow.records import AssetRole
from promptflow.storage.local import LocalStore

noise = numpy.random.default_rng(1).integers(0, 256, (700, 700, 3), numpy.uint8)
file = BytesIO()
Image.fromarray(noise).save(file, "PNG")
store = LocalStore(Path(sys.argv[1]))
try:
    store.write(
        generation_id={GENERATION!r}, role=AssetRole.OUTPUT, model="m", data=file.getvalue()
    )
except StorageError as error:
    print(error)
print([path.name for path in Path(sys.argv[1]).rglob("*") if path.is_file()])
"""


def test_a_full_disk_is_named_and_nothing_half_stays(tmp_path: Path) -> None:
    """When the disk is full the message says so, and the half-written file is gone."""
    disk = tmp_path / "disk"

    printed = run_on_tiny_disk(disk, FILL_DISK)

    assert (
        printed
        == f"The disk that holds {str(disk)!r} is full. Free some space and try again.\n[]\n"
    )


FREEZE_DISK = f"""
import subprocess, sys
from pathlib import Path
from promptflow.errors import StorageError
from promptflow.records import AssetRole
from promptflow.storage.local import LocalStore

subprocess.run(["mount", "-o", "remount,ro", sys.argv[1]], check=True)
try:
    LocalStore(Path(sys.argv[1])).write(
        generation_id={GENERATION!r}, role=AssetRole.OUTPUT, model="m", data={encode()!r}
    )
except StorageError as error:
    print(error)
"""


def test_a_read_only_disk_is_named(tmp_path: Path) -> None:
    """When the disk can't be written the message gives the system's reason."""
    printed = run_on_tiny_disk(tmp_path / "disk", FREEZE_DISK)

    assert "(Read-only file system). Make that folder writable." in printed


LIMIT_FILES = f"""
import resource, signal, sys
from pathlib import Path
from promptflow.errors import StorageError
from promptflow.records import AssetRole
from promptflow.storage.local import LocalStore

signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (16, 16))
try:
    LocalStore(Path(sys.argv[1])).write(
        generation_id={GENERATION!r}, role=AssetRole.OUTPUT, model="m", data={encode()!r}
    )
except StorageError as error:
    print(error)
print([path.name for path in Path(sys.argv[1]).rglob("*") if path.is_file()])
"""


def test_any_other_trouble_while_writing_is_named(tmp_path: Path) -> None:
    """A write that stops halfway for whatever reason is a sentence and leaves nothing."""
    done = subprocess.run(
        [sys.executable, "-c", LIMIT_FILES, str(tmp_path)],
        check=True,
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parents[2])},
    )

    assert "(File too large). Make that folder writable.\n[]" in done.stdout
