"""Signed links that stay the same for a while, so that a browser's cache works. Floor 4.

They live in memory only: whoever has one may read the picture, so none is ever stored or logged.
"""

import threading
from collections import OrderedDict
from datetime import datetime, timedelta
from typing import Protocol

from promptflow.clock import Clock

MAX_LINKS = 10_000
"""Beyond it the one that was signed first is forgotten; some 8 MB."""


class Sign(Protocol):
    """Makes an address at which a browser gets an object; `B2Bucket.sign` is one."""

    def __call__(self, key: str, *, mime: str, filename: str | None) -> str:
        """Make the address.

        Args:
            key: of the object.
            mime: what the browser is told the bytes are.
            filename: makes the browser save it under this name; ``None`` lets it be shown.

        Returns:
            The address.
        """
        ...


class Links:
    """The links that are in use, for any number of threads.

    Args:
        sign: makes a new one.
        ttl_s: how long one is good for, in seconds.
        clock: where time comes from.
        max_links: how many are kept.
    """

    def __init__(self, sign: Sign, *, ttl_s: int, clock: Clock, max_links: int = MAX_LINKS) -> None:
        self._sign = sign
        self._half_life = timedelta(seconds=ttl_s) / 2
        self._clock = clock
        self._max_links = max_links
        self._lock = threading.Lock()
        self._kept: OrderedDict[tuple[str, str, str | None], tuple[str, datetime]] = OrderedDict()

    def link(self, key: str, *, mime: str, filename: str | None = None) -> str:
        """Return a link that is good for at least half its life from now on.

        Args:
            key: of an asset that the ledger knows.
            mime: its type.
            filename: makes the browser save it under this name; ``None`` lets it be shown.

        Returns:
            The same link as the last time, until half its life has passed.

        Raises:
            StorageError: it could not be signed.
        """
        wanted = (key, mime, filename)
        # Signing calls nobody and takes less than a millisecond, so all may wait for it: two threads
        # that ask at once then get the same link.
        with self._lock:
            now = self._clock.now()
            kept = self._kept.get(wanted)
            # A clock that was set back doesn't keep an old link alive.
            if kept is not None and timedelta() <= now - kept[1] < self._half_life:
                return kept[0]
            url = self._sign(key, mime=mime, filename=filename)
            self._kept[wanted] = (url, now)
            self._kept.move_to_end(wanted)
            if len(self._kept) > self._max_links:
                self._kept.popitem(last=False)
            return url
