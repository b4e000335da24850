"""A headless Chromium, the system's own."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, Error, sync_playwright

from benchmarks.figures import CannotMeasureError

_ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@contextmanager
def open_browser() -> Iterator[Browser]:
    """Run a browser until the block ends.

    Yields:
        The browser, without a page.

    Raises:
        CannotMeasureError: there is no Chromium, it does not start, or a page did not come as far as
            it should have.
    """
    path = shutil.which("chromium")
    if path is None:
        raise CannotMeasureError("There is no Chromium in PATH. Debian: apt-get install chromium.")
    try:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=path, args=list(_ARGUMENTS))
            try:
                yield browser
            finally:
                browser.close()
    except Error as error:
        raise CannotMeasureError(f"The browser gave up: {error}") from error
