"""The questions are served alone and beside the app, before there is a ledger and while it is written."""

import re
import subprocess
import sys
import threading
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from html import unescape
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import httpx
import pytest
from uuid_utils import uuid7
from websockets.sync.client import connect
from websockets.typing import Origin, Subprotocol

from promptflow.ledger import SqliteLedger
from promptflow.settings import ROOT
from tests.datasette.known import ASSETS, GENERATIONS, make_ledger
from tests.datasette.serving import serve_app, serve_questions
from tests.ledger.scripted_flow import StoppedClock, flow_finished, flow_started
from tests.processes import environ_for

SERVER = "promptflow/server.py"
_PAGES = 150
_EACH = 3
"""Of addresses that differ in an id or a value only, so many are looked at."""


def _ledger(folder: Path) -> SqliteLedger:
    ledger = SqliteLedger(folder / "promptflow.db", clock=StoppedClock())
    ledger.prepare()
    return ledger


def _generate(ledger: SqliteLedger) -> None:
    """Record a generation from its first event to its last."""
    generation_id = str(uuid7())
    ledger.record(flow_started(generation_id))
    ledger.record(flow_finished(generation_id))


def _count(site: httpx.Client) -> int:
    answer = site.get(
        "promptflow.json",
        params={"sql": "SELECT count(*) FROM generations", "_shape": "arrayfirst"},
    )
    assert answer.status_code == 200, answer.text
    count: int = answer.json()[0]
    return count


def _crawl(site: httpx.Client, root: str) -> tuple[dict[str, int], set[str]]:
    """Follow every link from a path on.

    Returns:
        Path → status of those below it; and those that lead elsewhere.
    """
    seen: dict[str, int] = {}
    elsewhere: set[str] = set()
    alike: dict[str, int] = {}
    waiting = deque([root])
    while waiting and len(seen) < _PAGES:
        path = waiting.popleft()
        kind = re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27}|=[^&]*", "", path)
        alike[kind] = alike.get(kind, 0) + 1
        if path in seen or alike[kind] > _EACH:
            continue
        if not path.startswith(root):
            elsewhere.add(path)
            continue
        answer = site.get(path)
        seen[path] = answer.status_code
        links = [answer.headers["location"]] if answer.is_redirect else []
        if "html" in answer.headers.get("content-type", ""):
            links = re.findall(r'(?:href|src|action)="([^"]*)"', answer.text)
        for link in links:
            whole = urlsplit(urljoin(str(answer.url), unescape(link)))
            own = whole.netloc == answer.url.netloc.decode()
            query = f"?{whole.query}" if whole.query else ""
            waiting.append(f"{whole.path}{query}" if own else whole.geturl())
    return seen, elsewhere


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with the known ledger, for servers that write to it."""
    folder = tmp_path_factory.mktemp("served") / "data"
    make_ledger(folder)
    return folder


def test_questions_wait_for_the_ledger(tmp_path: Path) -> None:
    """Before anything was generated the site says so; afterwards it answers, without a restart."""
    folder = tmp_path / "data"
    with serve_questions(folder) as address, httpx.Client(base_url=address, timeout=30) as site:
        before = site.get("/promptflow")
        _generate(_ledger(folder))
        after = site.get("/promptflow")

    assert before.status_code == 503
    assert "Nothing was generated so far" in before.text
    assert after.status_code == 200


def test_a_file_that_is_no_ledger_is_told(tmp_path: Path) -> None:
    """What can't be opened is told in a sentence that names no path; mended, it is answered."""
    folder = tmp_path / "data"
    folder.mkdir()
    file = folder / "promptflow.db"
    file.write_bytes(b"no database at all" * 100)
    with serve_questions(folder) as address, httpx.Client(base_url=address, timeout=30) as site:
        broken = site.get("/promptflow")
        file.unlink()
        _generate(_ledger(folder))
        mended = site.get("/promptflow")

    assert broken.status_code == 503
    assert "be opened" in broken.text
    assert str(folder) not in broken.text
    assert mended.status_code == 200


def test_another_ledger_in_its_place_is_seen(tmp_path: Path) -> None:
    """A ledger that was put back from a backup is the one that is asked from then on."""
    folder = tmp_path / "data"
    ledger = _ledger(folder)
    _generate(ledger)
    other = _ledger(tmp_path / "other")
    for _ in range(3):
        _generate(other)
    other.close()
    with serve_questions(folder) as address, httpx.Client(base_url=address, timeout=30) as site:
        before = _count(site)
        ledger.close()
        for name in ("promptflow.db-wal", "promptflow.db-shm"):
            (folder / name).unlink(missing_ok=True)
        (tmp_path / "other" / "promptflow.db").replace(folder / "promptflow.db")
        after = _count(site)

    assert before == 1
    assert after == 3


def test_questions_are_answered_while_the_app_writes(tmp_path: Path) -> None:
    """A writer and many readers don't wait for one another, and what is written is seen at once."""
    folder = tmp_path / "data"
    ledger = _ledger(folder)
    _generate(ledger)
    ended = threading.Event()
    written = 1

    def write() -> None:
        nonlocal written
        while not ended.is_set():
            _generate(ledger)
            written += 1

    with serve_questions(folder) as address, httpx.Client(base_url=address, timeout=30) as site:
        writer = threading.Thread(target=write)
        writer.start()
        try:
            counts = [_count(site) for _ in range(50)]
            pages = [site.get("/promptflow/generations").status_code for _ in range(5)]
        finally:
            ended.set()
            writer.join()
        last = _count(site)

    assert counts == sorted(counts)
    assert counts[-1] > counts[0]
    assert pages == [200] * 5
    assert last == written


def test_every_link_is_right_alone(folder: Path) -> None:
    """Served alone, every link on every page leads to a page."""
    with serve_questions(folder) as address, httpx.Client(base_url=address, timeout=30) as site:
        seen, elsewhere = _crawl(site, "/")

    bad = {path: status for path, status in seen.items() if status >= 400}
    assert len(seen) > 100
    assert {path for path in bad if "/-/thumbnail/" not in path} == set()
    assert {urlsplit(link).netloc for link in elsewhere} == {"datasette.io", "127.0.0.1:9"}


@pytest.mark.parametrize("base_path", ["", "/flows/lab"])
def test_questions_stand_beside_the_app(folder: Path, base_path: str) -> None:
    """On one port there are the page, its websocket and the questions, wherever all of it is."""
    with serve_app(folder, SERVER, base_path=base_path) as address:
        root = f"{base_path}/datasette/"
        with httpx.Client(base_url=address.removesuffix(base_path), timeout=30) as site:
            page = site.get(f"{base_path}/")
            health = site.get(f"{base_path}/_stcore/health")
            entrance = site.get(f"{base_path}/datasette?_show_hidden=1")
            seen, elsewhere = _crawl(site, root)
        stream = f"{address.replace('http', 'ws', 1)}/_stcore/stream"
        with connect(
            stream, subprotocols=[Subprotocol("streamlit")], origin=Origin(address)
        ) as socket:
            agreed = socket.subprotocol

    assert "<title>Streamlit</title>" in page.text
    assert health.text == "ok"
    assert agreed == "streamlit"
    assert entrance.status_code == 307
    assert entrance.headers["location"] == f"{root}?_show_hidden=1"
    bad = {path: status for path, status in seen.items() if status >= 400}
    assert len(seen) > 100
    assert {path for path in bad if "/-/thumbnail/" not in path} == set()
    studio = {link for link in elsewhere if not link.startswith("https://datasette.io")}
    assert {link.partition("?")[0] for link in studio} == {f"{base_path}/"}
    assert f"{base_path}/?generation={GENERATIONS[0]}" in studio


def test_without_a_studio_there_are_no_links_to_one(folder: Path) -> None:
    """Served alone, where nobody said where the Studio is, pictures are shown and lead nowhere."""
    with (
        serve_questions(folder, studio=None) as address,
        httpx.Client(base_url=address, timeout=30) as site,
    ):
        page = site.get("/promptflow/lineage").text
        studio = site.get(f"/-/studio/{ASSETS[0]}")

    assert f"/-/thumbnail/{ASSETS[0]}" in page
    assert "?generation=" not in page
    assert "/-/studio/" not in page
    assert studio.status_code == 404


@pytest.mark.parametrize("studio", ["javascript:alert(1)", "127.0.0.1:8501", "//evil.example"])
def test_a_studio_is_an_address(tmp_path: Path, studio: str) -> None:
    """What is no address of a page is refused before anything is served."""
    done = subprocess.run(
        [sys.executable, "-m", "promptflow.questions", "--studio", studio],
        cwd=ROOT,
        env=environ_for(tmp_path),
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 2
    assert "is no address" in done.stderr


def test_a_start_doesnt_import_datasette() -> None:
    """The page is served before Datasette is imported: the first question does that."""
    script = "import sys, promptflow.server; print('datasette' in sys.modules)"

    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, check=True, capture_output=True, text=True
    )

    assert done.stdout == "False\n"


def test_questions_asked_at_once_are_all_answered(folder: Path) -> None:
    """The first visitors needn't come one by one while the site is made."""
    with (
        serve_questions(folder) as address,
        httpx.Client(base_url=address, timeout=30) as site,
        ThreadPoolExecutor(8) as visitors,
    ):
        pages = list(visitors.map(lambda _: site.get("/promptflow/runs").status_code, range(8)))

    assert pages == [200] * 8


def test_the_app_is_served_without_them(folder: Path) -> None:
    """`streamlit run app.py` serves the page alone."""
    with serve_app(folder, "app.py") as address, httpx.Client(base_url=address) as site:
        page = site.get("/")
        questions = site.get("/datasette/promptflow.json")

    assert "<title>Streamlit</title>" in page.text
    assert "application/json" not in questions.headers["content-type"]
