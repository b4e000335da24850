"""A real S3 server, in a process of its own on the loopback."""

import http.client
import re
import subprocess
import sys
import threading
from types import TracebackType
from typing import Self

from tests.wire.server import HOST

_RUNNING = re.compile(rf"Running on http://{re.escape(HOST)}:(\d+)")
_VERSIONED = b"<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>"
# The server takes any signature; it reads from this one which service is meant.
_SIGNED = {"authorization": "AWS4-HMAC-SHA256 Credential=id/20260101/us-east-1/s3/aws4_request"}


class S3Server:
    """moto's server: everything S3 does, except that it takes whoever comes.

    `tests.wire.b2_front` stands before it and looks at keys and signatures as Backblaze does.
    """

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "moto.server", "-H", HOST, "-p", "0"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.port = self._read_port()
        # Its log is read on, or it would stand still with a full pipe.
        self._log = threading.Thread(target=self._read_log, name="s3-server-log", daemon=True)
        self._log.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    @property
    def endpoint(self) -> str:
        """Its address."""
        return f"http://{HOST}:{self.port}"

    def make_bucket(self, name: str) -> str:
        """Make an empty bucket that keeps every version of an object, as all do at Backblaze.

        Args:
            name: one that isn't taken.

        Returns:
            The name.
        """
        self._put(f"/{name}", b"")
        self._put(f"/{name}?versioning", _VERSIONED)
        return name

    def close(self) -> None:
        """End the process."""
        self._process.terminate()
        self._process.wait()
        self._log.join()
        if self._process.stderr is not None:
            self._process.stderr.close()

    def _put(self, target: str, body: bytes) -> None:
        connection = http.client.HTTPConnection(HOST, self.port, timeout=30)
        try:
            connection.request("PUT", target, body, _SIGNED)
            answer = connection.getresponse()
            told = answer.read()
        finally:
            connection.close()
        if answer.status != http.HTTPStatus.OK:
            raise RuntimeError(told.decode())

    def _read_port(self) -> int:
        for line in self._process.stderr or ():
            if found := _RUNNING.search(line):
                return int(found[1])
        message = f"the S3 server ended with {self._process.wait()}"
        raise RuntimeError(message)

    def _read_log(self) -> None:
        for _ in self._process.stderr or ():
            pass
