"""How soon a picture is on screen once its last byte is there, in a real browser."""

import json
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

from playwright.sync_api import Page

from benchmarks.browsers import open_browser
from benchmarks.figures import CannotMeasureError, median, p95, run, say
from benchmarks.picture_server import PAINT_S, PICTURES, SMALLEST_PX
from benchmarks.scripted import IDEA
from benchmarks.servers import serve

FLOWS = 12
"""Besides the warm-up; each has one picture that comes while another model paints, and a last one."""
LIMIT_MS = 100
_WAIT_MS = 60_000

_WATCH = """
window.pictures = {};
const note = (image) => image.decode().then(() => {
    const width = image.naturalWidth;
    if (width >= SMALLEST && !(width in window.pictures)) window.pictures[width] = Date.now();
}).catch(() => {});
const watch = (image) => {
    if (image.complete && image.naturalWidth) note(image);
    if (!image.watched) image.addEventListener("load", () => note(image));
    image.watched = true;
};
new MutationObserver((changes) => {
    for (const change of changes) {
        for (const node of [change.target, ...change.addedNodes]) {
            if (node instanceof HTMLImageElement) watch(node);
            else if (node instanceof Element) node.querySelectorAll("img").forEach(watch);
        }
    }
}).observe(document, {childList: true, subtree: true, attributes: true, attributeFilter: ["src"]});
""".replace("SMALLEST", str(SMALLEST_PX))
"""Notes in the page when each whole picture was first loaded and decoded: width → milliseconds."""


def measure() -> Mapping[str, object]:
    """Run flows one after the other in one page, and compare both clocks: the machine's is one."""
    with TemporaryDirectory() as name, open_browser() as browser:
        folder = Path(name)
        log = folder / "last-bytes"
        program = ("benchmarks/picture_server.py", str(folder / "data"), str(log))
        with serve(*program, folder=folder, options=["--server.fileWatcherType=none"]) as server:
            page = browser.new_page(viewport={"width": 1440, "height": 900})
            page.add_init_script(_WATCH)
            page.goto(server.url)
            page.get_by_label("Request").fill(IDEA)
            for number in range(FLOWS + 1):
                run_flow(page, pictures=(number + 1) * len(PAINT_S))
                say(f"picture: flow {number} of {FLOWS}{'' if number else ', the warm-up'}")
            shown = page.evaluate("window.pictures")
        notes = [json.loads(line) for line in log.read_text("utf-8").splitlines()]
    delays_ms = [shown[str(note["width"])] - note["at_ms"] for note in notes][len(PAINT_S) :]
    return {
        "metric": "last byte to picture on screen, ms",
        "median": median(delays_ms, 1),
        "p95": p95(delays_ms, 1),
        "limit": LIMIT_MS,
        "passed": p95(delays_ms) <= LIMIT_MS,
        "pictures": len(delays_ms),
        "max": round(max(delays_ms), 1),
        "median_while_others_paint": median(delays_ms[0 :: len(PAINT_S)], 1),
        "median_of_the_last": median(delays_ms[len(PAINT_S) - 1 :: len(PAINT_S)], 1),
    }


def run_flow(page: Page, *, pictures: int) -> None:
    """Click Generate and wait until all pictures so far have been seen, and the flow is over.

    Raises:
        CannotMeasureError: more pictures are asked for than are prepared.
    """
    if pictures > PICTURES:
        raise CannotMeasureError(f"{pictures} pictures are needed, {PICTURES} are prepared.")
    page.get_by_role("button", name="Generate").click()
    page.wait_for_function(
        "count => Object.keys(window.pictures).length >= count", arg=pictures, timeout=_WAIT_MS
    )
    page.get_by_role("button", name="Cancel").wait_for(state="detached", timeout=_WAIT_MS)


if __name__ == "__main__":
    run("picture", measure)
