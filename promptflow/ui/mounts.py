"""What is served beside the pages on the same port, if anything.

`streamlit run app.py` serves the pages alone; a page can't tell that from its address, so whoever serves
more says so here. Imports nothing: a server asks before the pages' imports are worth their time.
"""

from urllib.parse import quote, urlencode

_questions: list[str] = []


def note_questions(path: str | None) -> None:
    """Note where Datasette is, for all pages of this process.

    Args:
        path: from the root of the host, with all that a base path adds, without a slash at its end;
            ``None`` where it isn't served.
    """
    _questions[:] = [] if path is None else [path]


def find_questions(place: str, **asked: str) -> str | None:
    """Return the address of a page of Datasette's; ``None`` where it isn't served beside this page.

    Args:
        place: below the ledger's database, e.g. ``generations/0193…``; of our own making or quoted here.
        asked: what a question is about: name → value.

    Returns:
        A path from the root of the host, with a query where there is one.
    """
    if not _questions:
        return None
    query = f"?{urlencode(asked)}" if asked else ""
    return f"{_questions[-1]}/promptflow/{quote(place)}{query}"
