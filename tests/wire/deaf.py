"""A port that takes no connection, and does not say so."""

import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from tests.wire.server import HOST

_FILLING = 4
"""Connections that nobody takes; with them the queue of the port is full."""


@contextmanager
def open_deaf_port() -> Iterator[int]:
    """Yield the number of a port at which whoever connects waits, and hears nothing."""
    with ExitStack() as stack:
        server = stack.enter_context(socket.socket())
        server.bind((HOST, 0))
        server.listen(0)
        for _ in range(_FILLING):
            caller = stack.enter_context(socket.socket())
            caller.setblocking(False)
            caller.connect_ex(server.getsockname())
        yield server.getsockname()[1]
