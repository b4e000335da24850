"""An HTTP/1.1 server on the loopback that says what it is told to say, and breaks where it is told to.

It knows nothing of any API: `tests.wire.endpoint` decides what to answer. Closing it ends every handler
at once, stalled ones included, and leaves no thread and no socket behind.
"""

import fcntl
import selectors
import socket
import struct
import termios
import threading
import time
import traceback
from collections.abc import Callable
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from tests.wire.answers import Answer, HangUp, Pause, Piece, Reset, Stall, Step

HOST = "127.0.0.1"
_POLL_S = 0.01
_DRAIN_S = 2.0
_PEEKED_BYTES = 1


class _OverError(Exception):
    """The connection is at its end."""


class _LeftError(_OverError):
    """The client closed the connection before the answer's end."""


class Arrival:
    """A request as the socket gave it, before anyone made sense of it."""

    def __init__(self, method: str, target: str, headers: dict[str, str], body: bytes) -> None:
        parts = urlsplit(target)
        self.method = method
        self.path = parts.path
        self.query = dict(parse_qsl(parts.query, keep_blank_values=True))
        self.headers = headers
        self.body = body
        self.arrived_s = time.monotonic()


Respond = Callable[[Arrival], Answer]


class Loopback:
    """One server on a port of its own.

    Args:
        respond: makes the answer; called from many threads at once.
        name: of its thread.
    """

    def __init__(self, respond: Respond, name: str) -> None:
        self.crashes: list[str] = []
        """Tracebacks of what went wrong in this server or in a script."""
        self.in_hand = 0
        """Requests that are being answered now."""
        self.most_at_once = 0
        """The most requests that were being answered at the same time."""
        self.abandoned = 0
        """Answers whose client left before their end."""
        self._lock = threading.Lock()
        self._server = _Server(self, respond)
        self.port: int = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.accept_all, name=name, daemon=True)
        self._thread.start()

    def close(self) -> None:
        """End every handler at once and free the port."""
        self._stop()
        self._server.server_close()

    def refuse(self) -> None:
        """Close every connection and refuse new ones, for good; the port stays taken."""
        self._stop()
        # A listening socket that is shut down no longer listens, but is still bound.
        self._server.socket.shutdown(socket.SHUT_RDWR)

    def note_start(self) -> None:
        """Count a request in."""
        with self._lock:
            self.in_hand += 1
            self.most_at_once = max(self.most_at_once, self.in_hand)

    def note_end(self, *, abandoned: bool) -> None:
        """Count a request out."""
        with self._lock:
            self.in_hand -= 1
            self.abandoned += abandoned

    def _stop(self) -> None:
        """End the thread that takes connections, and every connection."""
        if not self._server.closing.is_set():
            self._server.closing.set()
            # Wakes the thread that waits for a connection; this one is closed unanswered.
            socket.create_connection((HOST, self.port)).close()
            self._thread.join()
            self._server.end_connections()


class _Server(ThreadingHTTPServer):
    """Knows its connections, so that it can end them."""

    request_queue_size = 128

    def __init__(self, loopback: Loopback, respond: Respond) -> None:
        super().__init__((HOST, 0), _Handler)
        self.loopback = loopback
        self.respond = respond
        self.closing = threading.Event()
        self._lock = threading.Lock()
        self._connections: set[socket.socket] = set()
        self._to_reset: set[socket.socket] = set()
        self._threads_alive: set[threading.Thread] = set()

    def server_bind(self) -> None:
        """Bind without asking any resolver for this machine's name."""
        self.socket.bind(self.server_address)
        self.server_address = self.socket.getsockname()
        self.server_name, self.server_port = HOST, self.server_address[1]

    def accept_all(self) -> None:
        """Take connections until the server is being closed.

        The base class's loop looks ten or a hundred times a second whether to stop; this one is woken.
        """
        while True:
            connection, address = self.get_request()
            if self.closing.is_set():
                connection.close()
                return
            self.process_request(connection, address)

    def process_request(self, request: Any, client_address: Any) -> None:
        """Note the connection and hand it to a thread of its own."""
        thread = threading.Thread(
            target=self.process_request_thread, args=(request, client_address), daemon=True
        )
        self._threads_alive = {other for other in self._threads_alive if other.is_alive()}
        with self._lock:
            self._connections.add(request)
        thread.start()
        self._threads_alive.add(thread)

    def reset_at_end(self, connection: socket.socket) -> None:
        """Let a connection end with a reset instead of a close."""
        _drain(connection)
        with self._lock:
            self._to_reset.add(connection)

    def shutdown_request(self, request: Any) -> None:
        """Close one connection, the way it is to be closed."""
        with self._lock:
            self._connections.discard(request)
            reset = request in self._to_reset
            self._to_reset.discard(request)
        if reset:
            # No lingering: the peer gets a reset, without the polite close before it.
            request.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            request.close()
        else:
            super().shutdown_request(request)

    def end_connections(self) -> None:
        """Wake every handler, for what it reads, waits for or sends ends now; and see it end."""
        with self._lock:
            connections = tuple(self._connections)
        for connection in connections:
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue
        for thread in self._threads_alive - {threading.current_thread()}:
            thread.join()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Keep the traceback instead of printing it."""
        self.loopback.crashes.append(traceback.format_exc())


class _Handler(BaseHTTPRequestHandler):
    """Reads requests of one connection and plays the answers."""

    server: _Server
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, format: str, *args: object) -> None:  # the name in the base class
        """Say nothing: tests read what was recorded."""

    def do_GET(self) -> None:
        """Answer a GET."""
        self._serve()

    def do_POST(self) -> None:
        """Answer a POST."""
        self._serve()

    def handle(self) -> None:
        """Serve request after request until either side has enough."""
        try:
            super().handle()
        except (_OverError, OSError):
            self.close_connection = True

    def _serve(self) -> None:
        """Read the request, ask for its answer, play it."""
        headers = {name.lower(): value for name, value in self.headers.items()}
        arrival = Arrival(self.command, self.path, headers, self._read_body())
        loopback = self.server.loopback
        loopback.note_start()
        left = False
        try:
            self._play(self._ask(arrival))
        except (_LeftError, ConnectionError):
            left = not self.server.closing.is_set()
            raise
        finally:
            loopback.note_end(abandoned=left)

    def _ask(self, arrival: Arrival) -> Answer:
        """Ask for the answer; keep the traceback if there is none.

        Raises:
            _OverError: the server or a script function crashed.
        """
        try:
            return self.server.respond(arrival)
        except Exception as error:
            self.server.loopback.crashes.append(traceback.format_exc())
            raise _OverError from error

    def _read_body(self) -> bytes:
        """Read the body, of known size or in chunks.

        Raises:
            _OverError: the client left before its end.
        """
        if self.headers.get("transfer-encoding", "").lower() != "chunked":
            size = int(self.headers.get("content-length", 0))
            whole = self.rfile.read(size)
            if len(whole) < size:
                raise _OverError
            return whole
        body = bytearray()
        while size := int(self.rfile.readline().split(b";")[0], 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return bytes(body)

    def _play(self, answer: Answer) -> None:
        """Send the head and the body, and do whatever else the answer says."""
        if answer.before is not None:
            self._do(answer.before, answer)
        self.connection.sendall(_head(answer))
        sent = 0
        for step in answer.steps:
            self._do(step, answer)
            sent += len(step.data) if isinstance(step, Piece) else 0
        if answer.length is None:
            self.connection.sendall(b"0\r\n\r\n")
        elif sent < answer.length:
            raise _OverError

    def _do(self, step: Step, answer: Answer) -> None:
        """Do one step.

        Raises:
            _OverError: the step ends the connection.
        """
        match step:
            case Piece(data=data):
                self.connection.sendall(_chunks(data, answer.split) if answer.streamed else data)
            case Pause(seconds=seconds):
                self._wait(seconds)
            case Stall():
                self._wait(None)
            case Reset():
                self.server.reset_at_end(self.connection)
                raise _OverError
            case HangUp():
                raise _OverError

    def _wait(self, seconds: float | None) -> None:
        """Wait, but no longer than there is someone to wait for.

        Args:
            seconds: how long; None for as long as the client stays.

        Raises:
            _LeftError: the client left, or the server is being closed.
        """
        # Unlike select(), which only knows the first 1,024 files that a process has open.
        with selectors.DefaultSelector() as selector:
            selector.register(self.connection, selectors.EVENT_READ)
            if not selector.select(seconds):
                return
        if not self.connection.recv(_PEEKED_BYTES, socket.MSG_PEEK):
            raise _LeftError
        # A client that sends its next request early; neither SDK does.
        self.server.closing.wait(seconds)


def _head(answer: Answer) -> bytes:
    """Return the status line and the headers, with the one that frames the body."""
    framing = (
        ("transfer-encoding", "chunked")
        if answer.length is None
        else ("content-length", str(answer.length))
    )
    lines = [f"HTTP/1.1 {answer.status} {HTTPStatus(answer.status).phrase}"]
    lines += [f"{name}: {value}" for name, value in (*answer.headers.items(), framing)]
    return "\r\n".join([*lines, "", ""]).encode("latin-1")


def _chunks(data: bytes, split: int | None) -> bytes:
    """Frame bytes as one chunk, or as chunks of at most so many bytes."""
    size = split or len(data)
    pieces = (data[start : start + size] for start in range(0, len(data), size))
    return b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces)


def _drain(connection: socket.socket) -> None:
    """Wait until the peer's side has everything that was sent: a reset throws the rest away."""
    until_s = time.monotonic() + _DRAIN_S
    while time.monotonic() < until_s:
        queued = fcntl.ioctl(connection, termios.TIOCOUTQ, b"\0" * 4)
        if not struct.unpack("i", queued)[0]:
            return
        time.sleep(_POLL_S)
