"""A bucket that keeps of each object only its size and its metadata, in a process of its own.

So it takes next to no time and no memory, and what is measured is the one who uploads. It says its port, and
ends when its stdin does.
"""

import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

_PIECE_BYTES = 1_000_000


class _Handler(BaseHTTPRequestHandler):
    """Takes objects and says what it took."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    kept: dict[str, tuple[int, str]] = {}  # noqa: RUF012 - of the one server there is

    def log_message(self, format: str, *args: object) -> None:  # the name in the base class
        """Say nothing."""

    def do_PUT(self) -> None:
        """Take an object and drop its bytes."""
        if self.headers.get("expect") == "100-continue":
            self.send_response_only(100)
            self.end_headers()
        size = left = int(self.headers["content-length"])
        while left:
            left -= len(self.rfile.read(min(left, _PIECE_BYTES)))
        self.kept[self.path] = (size, self.headers.get("x-amz-meta-sha256", ""))
        self._answer(200, 0, "")

    def do_HEAD(self) -> None:
        """Say what an object is."""
        found = self.kept.get(self.path)
        if found:
            self._answer(200, *found)
        else:
            self._answer(404, 0, "")

    def do_GET(self) -> None:
        """There is nothing to be read."""
        body = b"<Error><Code>NoSuchKey</Code><Message>Nothing.</Message></Error>"
        self._answer(404, len(body), "")
        self.wfile.write(body)

    def _answer(self, status: int, size: int, sha256: str) -> None:
        self.send_response(status)
        self.send_header("content-length", str(size))
        if sha256:
            self.send_header("x-amz-meta-sha256", sha256)
        self.end_headers()


def _main() -> None:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(server.server_address[1], flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    _main()
