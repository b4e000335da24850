"""A thousand pictures out of the outbox: with memory that stays flat, and how fast beside bare boto3.

Run with an argument it is one of the processes that are measured.
"""

import hashlib
import json
import os
import re
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.figures import CannotMeasureError, run, say
from benchmarks.servers import ROOT, environment
from promptflow.laboratory import Laboratory, open_laboratory
from promptflow.records import GenerationRequest
from promptflow.rounds import Tidied
from promptflow.settings import read_settings

PICTURES = 1_000
EARLY = 100
"""So many pictures after the first the memory is looked at for the first time."""
PICTURE_BYTES = 1_500_000
THREADS = 4
"""As many as the product uploads at a time."""
LIMIT = 1.1
"""With a leak it would be ten times as much."""
_STATUS = Path("/proc/self/status")
_KEY = "loopback-takes-any"


@contextmanager
def open_bucket() -> Iterator[dict[str, str]]:
    """Run the server until the block ends.

    Yields:
        The variables of an installation that uploads to it.
    """
    with subprocess.Popen(
        [sys.executable, str(ROOT / "benchmarks" / "bucket_server.py")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        port = process.stdout.readline().strip() if process.stdout else ""
        try:
            yield {
                "B2_APPLICATION_KEY_ID": "loopback",
                "B2_APPLICATION_KEY": _KEY,
                "B2_BUCKET_NAME": "pictures",
                "S3_ENDPOINT_URL": f"http://127.0.0.1:{port}",
            }
        finally:
            process.communicate()


def fill_outbox(lab: Laboratory, pictures: int) -> None:
    """Put pictures into the outbox as a flow would, all different, with their rows."""
    request = GenerationRequest(
        request="A kite", text_model="offline-planner", image_models=("offline-poster",)
    )
    generation_id = lab.start(request)
    flow = lab.find_flow(generation_id)
    for _ in flow.follow() if flow else ():
        pass
    place = f"generations/{generation_id}/output/offline-poster"
    folder = lab.settings.data_dir / "outbox" / place
    with closing(sqlite3.connect(lab.settings.database)) as connection:
        connection.row_factory = sqlite3.Row
        row = dict(connection.execute("SELECT * FROM assets WHERE role = 'output'").fetchone())
        names = ", ".join(row)
        sql = f"INSERT INTO assets ({names}) VALUES ({', '.join('?' * len(row))})"  # noqa: S608
        for number in range(pictures):
            data = os.urandom(PICTURE_BYTES)
            digest = hashlib.sha256(data).hexdigest()
            name = f"{digest[:16]}.png"
            (folder / name).write_bytes(data)
            row |= {"id": f"f{number:07}", "key": f"{place}/{name}", "sha256": digest}
            row |= {"size_bytes": PICTURE_BYTES, "has_thumbnail": 1, "position": number + 1}
            row |= {"backend": "outbox"}
            connection.execute(sql, tuple(row.values()))
        connection.commit()


def upload_all() -> Mapping[str, float]:
    """Upload what the environment's installation has in its outbox.

    Raises:
        CannotMeasureError: not all of it went up.
    """
    lab = open_laboratory(read_settings(os.environ))
    peaks_kb: dict[int, int] = {}
    started_s = time.perf_counter()

    def look(done: Tidied) -> None:
        if done.uploads in {EARLY, PICTURES}:
            peaks_kb[done.uploads] = read_peak_kb()

    done = lab.archive._housekeeper.tidy(look)
    took_s = time.perf_counter() - started_s
    if done.trouble or done.uploads < PICTURES:
        raise CannotMeasureError(f"{done.uploads} pictures went up: {done.trouble}")
    return {"seconds": took_s, "early_kb": peaks_kb[EARLY], "late_kb": peaks_kb[PICTURES]}


def read_peak_kb() -> int:
    """Return the most memory this process has had; `ru_maxrss` would have that of its parent in it.

    Raises:
        CannotMeasureError: the system doesn't tell.
    """
    try:
        found = re.search(r"^VmHWM:\s*(\d+) kB$", _STATUS.read_text(), re.MULTILINE)
    except OSError as error:
        raise CannotMeasureError(f"{str(_STATUS)!r} can't be read: {error.strerror}.") from error
    if found is None:
        raise CannotMeasureError(f"{str(_STATUS)!r} does not tell the peak.")
    return int(found[1])


def upload_bare() -> Mapping[str, float]:
    """Upload the same files with bare boto3: read, put, no more."""
    import boto3
    from botocore.config import Config

    client = boto3.client(
        "s3",
        endpoint_url=os.environ["S3_ENDPOINT_URL"],
        region_name="us-east-1",
        aws_access_key_id="loopback",
        aws_secret_access_key=_KEY,
        config=Config(
            request_checksum_calculation="when_required",
            max_pool_connections=THREADS,
            s3={"addressing_style": "path"},
        ),
    )
    top = Path(os.environ["PROMPTFLOW_DATA_DIR"]) / "outbox"
    files = iter(sorted(path for path in top.rglob("*.png")))
    turn = threading.Lock()

    def work() -> None:
        while True:
            with turn:
                path = next(files, None)
            if path is None:
                return
            key = f"bare/{path.relative_to(top).as_posix()}"
            client.put_object(Bucket="pictures", Key=key, Body=path.read_bytes())

    threads = [threading.Thread(target=work) for _ in range(THREADS)]
    started_s = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return {"seconds": time.perf_counter() - started_s}


def ask(what: str, variables: Mapping[str, str]) -> dict[str, float]:
    """Run one of the measured processes.

    Raises:
        CannotMeasureError: it failed.
    """
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.bench_upload", what],
        cwd=ROOT,
        env=environment(variables),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise CannotMeasureError(done.stderr.strip().splitlines()[-1])
    told: dict[str, float] = json.loads(done.stdout)
    return told


def measure() -> Mapping[str, object]:
    """Fill an outbox once, upload it bare, which leaves it as it is, and then for good."""
    with TemporaryDirectory() as name, open_bucket() as bucket:
        variables = {"PROMPTFLOW_DATA_DIR": str(Path(name) / "data"), **bucket}
        say(f"upload: writing {PICTURES} pictures")
        away = read_settings(variables | {"S3_ENDPOINT_URL": "http://127.0.0.1:9"})
        lab = open_laboratory(away)
        fill_outbox(lab, PICTURES)
        lab.ledger.close()
        say("upload: bare boto3")
        bare = ask("bare", variables)
        say("upload: the product")
        ours = ask("product", variables)
        left = sum(1 for _ in (Path(name) / "data" / "outbox").rglob("*.png"))
    ratio = ours["late_kb"] / ours["early_kb"]
    rate, bare_rate = PICTURES / ours["seconds"], PICTURES / bare["seconds"]
    return {
        "metric": f"peak memory after {PICTURES} pictures ÷ after {EARLY}",
        "ratio": round(ratio, 3),
        "limit": LIMIT,
        "passed": ratio <= LIMIT and left == 0,
        "peak_mb": round(ours["late_kb"] / 1_000, 1),
        "left_in_outbox": left,
        "pictures_per_s": round(rate, 1),
        "bare_pictures_per_s": round(bare_rate, 1),
        "rate_to_bare": round(rate / bare_rate, 3),
        "threads": THREADS,
    }


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["product"]:
            print(json.dumps(upload_all()))
        case ["bare"]:
            print(json.dumps(upload_bare()))
        case _:
            run("upload", measure)
