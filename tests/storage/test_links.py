"""Links stay the same while a browser may have them, and are renewed long before they end."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest

from promptflow.clock import Clock
from promptflow.errors import StorageError
from promptflow.storage.b2 import B2Bucket
from promptflow.storage.links import Links

START = datetime(2026, 11, 23, 12, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class HandClock(Clock):
    """A clock that is set by hand."""

    moments: list[datetime] = field(default_factory=lambda: [START])

    def now(self) -> datetime:
        """Return what it is set to."""
        return self.moments[-1]

    def set(self, seconds: float) -> None:
        """Set it so many seconds after the start."""
        self.moments.append(START + timedelta(seconds=seconds))


class Signer:
    """Numbers the links it makes."""

    def __init__(self) -> None:
        self.made: list[str] = []

    def __call__(self, key: str, *, mime: str, filename: str | None) -> str:
        """Make a link that tells what it is for."""
        self.made.append(f"{len(self.made) + 1} {key} {mime} {filename}")
        return self.made[-1]


KEY = "checks/one.txt"


@pytest.fixture
def clock() -> HandClock:
    """A clock that stands."""
    return HandClock()


@pytest.fixture
def signer() -> Signer:
    """Who signs."""
    return Signer()


@pytest.fixture
def links(signer: Signer, clock: HandClock) -> Links:
    """Three links at most, good for 100 seconds."""
    return Links(signer, ttl_s=100, clock=clock, max_links=3)


@pytest.mark.parametrize(("later_s", "made"), [(0, 1), (49.9, 1), (50, 2), (1000, 2), (-1, 2)])
def test_a_link_is_used_until_half_its_life_has_passed(
    links: Links, signer: Signer, clock: HandClock, later_s: float, made: int
) -> None:
    """Until then it stays the same; after that, or when the clock was set back, it is a new one."""
    first = links.link(KEY, mime="image/png")
    clock.set(later_s)

    again = links.link(KEY, mime="image/png")

    assert len(signer.made) == made
    assert (again == first) == (made == 1)


def test_each_name_has_a_link_of_its_own(links: Links, signer: Signer) -> None:
    """A link to look at and one to save under a name are not the same."""
    shown = links.link(KEY, mime="image/png")
    saved = links.link(KEY, mime="image/png", filename="a fox.png")

    assert shown == f"1 {KEY} image/png None"
    assert saved == f"2 {KEY} image/png a fox.png"
    assert links.link(KEY, mime="image/png") == shown


def test_only_so_many_links_are_kept(links: Links, signer: Signer) -> None:
    """The one that was signed first is forgotten first."""
    for number in range(4):
        links.link(f"checks/{number}", mime="text/plain")

    links.link("checks/3", mime="text/plain")
    links.link("checks/0", mime="text/plain")

    assert len(signer.made) == 5


def test_a_link_that_was_renewed_is_kept_as_a_new_one(
    links: Links, signer: Signer, clock: HandClock
) -> None:
    """Renewing moves a link to the end of those that may be forgotten."""
    for number in range(3):
        links.link(f"checks/{number}", mime="text/plain")
    clock.set(60)
    renewed = links.link("checks/0", mime="text/plain")
    links.link("checks/3", mime="text/plain")

    assert links.link("checks/0", mime="text/plain") == renewed


def test_threads_that_ask_at_once_get_the_same_link(links: Links, signer: Signer) -> None:
    """A picture on eight cards has one address."""
    with ThreadPoolExecutor(8) as threads:
        found = set(threads.map(lambda _: links.link(KEY, mime="image/png"), range(200)))

    assert len(found) == len(signer.made) == 1


def test_a_link_that_could_not_be_signed_is_asked_for_again(clock: HandClock) -> None:
    """A failure is not kept."""
    troubles = [StorageError("Not now.")]

    def sign(key: str, *, mime: str, filename: str | None) -> str:
        if troubles:
            raise troubles.pop()
        return key

    links = Links(sign, ttl_s=100, clock=clock)
    with pytest.raises(StorageError):
        links.link(KEY, mime="image/png")

    assert links.link(KEY, mime="image/png") == KEY


def test_a_bucket_signs_for_links(bucket: B2Bucket, clock: HandClock) -> None:
    """The links of a real bucket are the ones it signs, and shown by nothing."""
    links = Links(bucket.sign, ttl_s=bucket.settings.link_ttl_s, clock=clock)

    link = links.link(KEY, mime="text/plain")

    assert link.startswith(f"{bucket.settings.endpoint}/{bucket.settings.bucket}/{KEY}?")
    assert "X-Amz-Signature" in link
    assert "X-Amz" not in repr(links)
