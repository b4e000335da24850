"""What stands before the S3 server: it looks at requests as Backblaze does, keeps them, and breaks them.

A request is recorded, then broken if a fault is waiting for it, else checked (key id, signature, time,
region, headers that B2 does not take), and only then passed on. The clock it checks by can be moved.
"""

import hashlib
import http.client
import socket
import struct
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Literal, Self
from urllib.parse import urlsplit
from xml.sax.saxutils import escape

from tests.wire.buckets import S3Server
from tests.wire.server import HOST
from tests.wire.sigv4 import ALGORITHM, compute_signature, read_query

_SKEW = timedelta(minutes=15)
_NOT_PASSED_ON = {"connection", "transfer-encoding", "expect", "keep-alive"}
_UNSIGNED = "UNSIGNED-PAYLOAD"


@dataclass(frozen=True, slots=True, kw_only=True)
class S3Fault:
    """How one request goes wrong."""

    how: Literal["reply", "reset", "reset_midway", "stall", "half", "resize"] = "reply"
    """An answer of its own; a reset instead of any; one with half the body still to be sent; silence; an
    answer that ends in the middle; an answer that tells another size."""
    status: int = 503
    code: str = ""
    message: str = "As the test says."
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None
    """Instead of an error as S3 words it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """One request as it came."""

    method: str
    target: str
    headers: Mapping[str, str]
    """Names small."""
    body: bytes = field(repr=False)
    """As much of it as was taken."""
    arrived_s: float
    """By the stopwatch."""

    @property
    def path(self) -> str:
        """The path alone."""
        return urlsplit(self.target).path


class B2Front:
    """A server with one key, in one region, on a port of its own.

    Args:
        server: where requests go that are in order.
        key_id: the id of the only key.
        key: the key.
        region: the region that requests must be signed for.
    """

    def __init__(self, server: S3Server, *, key_id: str, key: str, region: str) -> None:
        self.server = server
        self.key_id, self.key, self.region = key_id, key, region
        self.ahead = timedelta()
        """How far its clock is ahead."""
        self.seen: list[Seen] = []
        """Every request, in the order of arrival."""
        self.left: list[tuple[str, S3Fault]] = []
        """(method, fault) that wait for a request."""
        self.lock = threading.Lock()
        self._server = _Server(self)
        self.port: int = self._server.server_address[1]
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True
        )
        self._thread.start()

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

    def variables(self, bucket: str) -> dict[str, str]:
        """Return the variables of an installation that keeps its pictures there."""
        return {
            "B2_APPLICATION_KEY_ID": self.key_id,
            "B2_APPLICATION_KEY": self.key,
            "B2_BUCKET_NAME": bucket,
            "B2_REGION": self.region,
            "S3_ENDPOINT_URL": self.endpoint,
        }

    def fail(self, method: str, fault: S3Fault, *, times: int = 1) -> None:
        """Break the next requests of a method.

        Args:
            method: e.g. ``PUT``.
            fault: how.
            times: how many.
        """
        with self.lock:
            self.left += [(method, fault)] * times

    def count(self, method: str) -> int:
        """Return how many requests of a method came so far."""
        with self.lock:
            return sum(seen.method == method for seen in self.seen)

    def note(self, seen: Seen) -> None:
        """Record a request."""
        with self.lock:
            self.seen.append(seen)

    def take(self, method: str) -> S3Fault | None:
        """Take the fault that waits for a request."""
        with self.lock:
            found = next((waiting for waiting in self.left if waiting[0] == method), None)
            if found is None:
                return None
            self.left.remove(found)
            return found[1]

    def complain(self, seen: Seen) -> S3Fault | None:
        """Return what Backblaze would not accept about a request."""
        for name in seen.headers:
            if name.startswith(("x-amz-checksum-", "x-amz-sdk-checksum-")):
                message = f"Unsupported header '{name}' received for this API call."
                return S3Fault(status=400, code="InvalidArgument", message=message)
        if "authorization" in seen.headers:
            return self._check_header(seen)
        return self._check_link(seen)

    def close(self) -> None:
        """End every connection and free the port."""
        self._server.closing.set()
        self._server.shutdown()
        self._server.end_connections()
        self._server.server_close()
        self._thread.join()

    def _check_header(self, seen: Seen) -> S3Fault | None:
        algorithm, _, rest = seen.headers["authorization"].partition(" ")
        told = dict(part.strip().split("=", 1) for part in rest.split(","))
        payload = seen.headers["x-amz-content-sha256"]
        if algorithm != ALGORITHM:
            return S3Fault(status=400, code="InvalidRequest")
        if payload not in {_UNSIGNED, hashlib.sha256(seen.body).hexdigest()}:
            return S3Fault(status=400, code="XAmzContentSHA256Mismatch")
        signed_at = _read_moment(seen.headers["x-amz-date"])
        if abs(datetime.now(UTC) + self.ahead - signed_at) > _SKEW:
            return S3Fault(status=403, code="RequestTimeTooSkewed")
        return self._check_signature(
            seen,
            credential=told["Credential"],
            signed=told["SignedHeaders"],
            payload=payload,
            moment=seen.headers["x-amz-date"],
            signature=told["Signature"],
        )

    def _check_link(self, seen: Seen) -> S3Fault | None:
        query = read_query(seen.target)
        if query.get("X-Amz-Algorithm") != ALGORITHM:
            return S3Fault(status=403, code="AccessDenied", message="No authentication given.")
        life = timedelta(seconds=int(query["X-Amz-Expires"]))
        if datetime.now(UTC) + self.ahead > _read_moment(query["X-Amz-Date"]) + life:
            return S3Fault(status=403, code="AccessDenied", message="Request has expired")
        return self._check_signature(
            seen,
            credential=query["X-Amz-Credential"],
            signed=query["X-Amz-SignedHeaders"],
            payload=_UNSIGNED,
            moment=query["X-Amz-Date"],
            signature=query["X-Amz-Signature"],
        )

    def _check_signature(
        self, seen: Seen, *, credential: str, signed: str, payload: str, moment: str, signature: str
    ) -> S3Fault | None:
        key_id, _, scope = credential.partition("/")
        if key_id != self.key_id:
            message = f"The key '{key_id}' is not valid"
            return S3Fault(status=403, code="InvalidAccessKeyId", message=message)
        if scope.split("/")[1] != self.region:
            return S3Fault(status=400, code="AuthorizationHeaderMalformed")
        expected = compute_signature(
            method=seen.method,
            target=seen.target,
            headers=seen.headers,
            signed=signed,
            payload=payload,
            moment=moment,
            scope=scope,
            key=self.key,
        )
        return None if signature == expected else S3Fault(status=403, code="SignatureDoesNotMatch")


class _Server(ThreadingHTTPServer):
    """Knows its connections, so that it can end them."""

    daemon_threads = True

    def __init__(self, front: B2Front) -> None:
        super().__init__((HOST, 0), _Handler)
        self.front = front
        self.closing = threading.Event()
        self._connections: set[socket.socket] = set()
        self._to_reset: set[socket.socket] = set()

    def process_request(self, request: Any, client_address: Any) -> None:
        """Note the connection."""
        self._connections.add(request)
        super().process_request(request, client_address)

    def reset_at_end(self, connection: socket.socket) -> None:
        """Let a connection end with a reset instead of a close."""
        self._to_reset.add(connection)

    def shutdown_request(self, request: Any) -> None:
        """Close one connection, the way it is to be closed."""
        self._connections.discard(request)
        if request in self._to_reset:
            self._to_reset.discard(request)
            # No lingering: the peer gets a reset, without the polite close before it.
            request.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            request.close()
        else:
            super().shutdown_request(request)

    def end_connections(self) -> None:
        """Wake every handler."""
        for connection in tuple(self._connections):
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of clients that left."""


class _Handler(BaseHTTPRequestHandler):
    """Reads requests of one connection and answers them."""

    server: _Server
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, format: str, *args: object) -> None:  # the name in the base class
        """Say nothing: tests read what was recorded."""

    def do_GET(self) -> None:
        """Answer a GET."""
        self._serve()

    def do_HEAD(self) -> None:
        """Answer a HEAD."""
        self._serve()

    def do_PUT(self) -> None:
        """Answer a PUT."""
        self._serve()

    def do_DELETE(self) -> None:
        """Answer a DELETE."""
        self._serve()

    def do_POST(self) -> None:
        """Answer a POST."""
        self._serve()

    def _serve(self) -> None:
        front = self.server.front
        size = int(self.headers.get("content-length", 0))
        arrived_s = time.monotonic()
        half = self.rfile.read(size // 2)
        fault = front.take(self.command)
        torn = fault is not None and fault.how == "reset_midway"
        seen = Seen(
            method=self.command,
            target=self.path,
            headers={name.lower(): value for name, value in self.headers.items()},
            body=half if torn else half + self.rfile.read(size - len(half)),
            arrived_s=arrived_s,
        )
        front.note(seen)
        match fault.how if fault else None:
            case "reset" | "reset_midway":
                self._reset()
            case "stall":
                self.server.closing.wait()
                self.close_connection = True
            case "reply" if fault:
                self._turn_down(fault)
            case how:
                complaint = front.complain(seen)
                self._turn_down(complaint) if complaint else self._pass_on(seen, how)

    def _reset(self) -> None:
        """Tear the connection down."""
        self.server.reset_at_end(self.connection)
        self.close_connection = True

    def _turn_down(self, fault: S3Fault) -> None:
        """Answer with an error as S3 words it; an answer to HEAD has no words."""
        body = (
            fault.body
            or (
                f"<?xml version='1.0' encoding='UTF-8'?><Error><Code>{escape(fault.code)}</Code>"
                f"<Message>{escape(fault.message)}</Message></Error>"
            ).encode()
        )
        self.send_response(fault.status)
        for name, value in fault.headers.items():
            self.send_header(name, value)
        self.send_header("content-type", "application/xml")
        self.send_header("content-length", "0" if self.command == "HEAD" else str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def _pass_on(self, seen: Seen, how: str | None) -> None:
        """Ask the server and hand its answer on, whole or not."""
        passed = {name: value for name, value in seen.headers.items() if name not in _NOT_PASSED_ON}
        connection = http.client.HTTPConnection(HOST, self.server.front.server.port, timeout=30)
        try:
            connection.request(seen.method, seen.target, seen.body, passed)
            answer = connection.getresponse()
            body = answer.read()
        finally:
            connection.close()
        # An answer to HEAD tells the size of a body that it doesn't have.
        size = int(answer.headers.get("content-length", len(body)))
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            if name.lower() not in {*_NOT_PASSED_ON, "content-length", "date", "server"}:
                self.send_header(name, value)
        self.send_header("content-length", str(size + 1 if how == "resize" else size))
        self.end_headers()
        if how == "half":
            self.wfile.write(body[: len(body) // 2])
            self.close_connection = True
        else:
            self.wfile.write(body)


def _read_moment(text: str) -> datetime:
    return datetime.strptime(text, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
