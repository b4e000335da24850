"""The site for questions: Datasette under a path, made when it is first asked for. Floor 7.

It answers before there is a ledger, finds one that is made or put back later, hands out thumbnails, and
takes nothing but questions.
"""

import asyncio
import logging
import re
from collections.abc import Callable
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any

from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from starlette.websockets import WebSocketClose

from promptflow.errors import PromptflowError

_log = logging.getLogger(__name__)

ReadThumbnail = Callable[[str], tuple[str, bytes] | None]
"""Asset id → MIME type and bytes of its thumbnail; ``None`` where the ledger knows of none."""

_UUID = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_THUMBNAIL = re.compile(rf"/-/thumbnail/({_UUID})")
_PICTURE_TYPES = frozenset({"image/webp", "image/png", "image/jpeg"})
_HEADERS = (
    (
        b"content-security-policy",
        b"default-src 'none'; connect-src 'self'; font-src 'self'; form-action 'self'; "
        b"frame-ancestors 'self'; img-src 'self' data:; script-src 'self' 'unsafe-inline'; "
        b"style-src 'self' 'unsafe-inline'",
    ),
    (b"referrer-policy", b"same-origin"),
    (b"x-content-type-options", b"nosniff"),
)
"""Whatever got into a page, it loads nothing from elsewhere."""
_CACHED = {"cache-control": "private, max-age=86400, immutable"}
_RETRY = {"cache-control": "no-store", "retry-after": "5"}
_MISSING_THUMBNAIL = (
    b'<svg xmlns="http://www.w3.org/2000/svg" width="96" height="64">'
    b'<rect width="96" height="64" rx="6" fill="#ece7e0"/>'
    b'<text x="48" y="36" text-anchor="middle" font-family="sans-serif" font-size="11" '
    b'fill="#6b645b">no thumbnail</text></svg>'
)
_PAGE = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>Prompt Flow: questions</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<style>body {{ font: 1rem/1.5 system-ui, sans-serif; margin: 4rem auto; max-width: 38rem;
padding: 0 1.25rem; color: #26221d; background: #fdfcfa }} a {{ color: #b4461f }}</style></head>
<body><h1>{title}</h1><p>{text}</p>{link}</body></html>
"""
_NONE_YET = (
    "No ledger yet",
    "Nothing was generated so far, so there is nothing to ask about. The first generation makes the "
    "ledger; reload this page then.",
)
_SHUT = (
    "The ledger can't be opened",
    "It is there, but can't be used as it is. The Studio says why, and so does "
    "`python -m promptflow doctor`.",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerSource:
    """A ledger that is ready for questions."""

    database: Path
    read_thumbnail: ReadThumbnail


class QuestionSite:
    """An ASGI application over a ledger that may not be there yet.

    Args:
        find_ledger: makes the ledger ready and returns it, ``None`` where nothing was ever recorded;
            called in a thread when the first question comes, and again when the file is another.
        base_url: where the site is: a path with a slash at both ends.
        studio_url: where the Studio is, a slash at its end; ``None`` leaves the links to it out.
    """

    def __init__(
        self,
        find_ledger: Callable[[], LedgerSource | None],
        *,
        base_url: str = "/",
        studio_url: str | None = None,
    ) -> None:
        self._find_ledger = find_ledger
        self._base_url = base_url
        self._studio_url = studio_url
        self._source: LedgerSource | None = None
        self._file: tuple[int, int] | None = None
        self._explorer: ASGIApp | None = None
        self._opening = asyncio.Lock()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] == "websocket":
            await WebSocketClose()(scope, receive, send)
            return
        # Datasette is told where it is, and still takes its own part of an address only.
        scope = {**scope, "path": self._strip(scope["path"]), "root_path": ""}
        if "raw_path" in scope:
            scope["raw_path"] = self._strip(scope["raw_path"].decode("latin-1")).encode("latin-1")
        answer = _refuse_method(scope) or await self._answer(scope)
        is_leading_out = scope["path"].startswith("/-/studio/")
        await answer(scope, receive, self._with_headers(send, is_leading_out=is_leading_out))

    async def _answer(self, scope: Scope) -> ASGIApp:
        asked = _THUMBNAIL.fullmatch(scope["path"])
        try:
            explorer = await self._open()
            if explorer is None or self._source is None:
                return self._tell(*_NONE_YET)
            if asked is None:
                return explorer
            return await asyncio.to_thread(_read_thumbnail, self._source.read_thumbnail, asked[1])
        except PromptflowError as error:
            _log.warning("The ledger can't be opened for questions. %s", error.message)
            return self._tell(*_SHUT)

    async def _open(self) -> ASGIApp | None:
        """Return Datasette, made anew where the ledger's file is not the one it was made for."""
        if self._explorer and self._file == self._identify():
            return self._explorer
        async with self._opening:
            if self._explorer is None or self._file != self._identify():
                self._explorer = None
                self._source = await asyncio.to_thread(self._find_ledger)
                self._file = self._identify()
                if self._source and self._file:
                    self._explorer = await self._build(self._source)
            return self._explorer

    async def _build(self, source: LedgerSource) -> ASGIApp:
        def build() -> tuple[Any, ASGIApp]:
            from promptflow.questions.explorer import build_explorer

            explorer = build_explorer(
                source.database, base_url=self._base_url, studio_url=self._studio_url
            )
            return explorer, explorer.app()

        explorer, app = await asyncio.to_thread(build)
        # By itself it would start with the first request, and not keep the second waiting for it.
        await explorer.invoke_startup()
        return app

    def _identify(self) -> tuple[int, int] | None:
        """Tell the ledger's file from one that was put in its place; ``None`` where there is none."""
        if self._source is None:
            return None
        try:
            found = self._source.database.stat()
        except OSError:
            return None
        return found.st_dev, found.st_ino

    def _strip(self, path: str) -> str:
        return f"/{path.removeprefix(self._base_url).removeprefix('/')}"

    def _with_headers(self, send: Send, *, is_leading_out: bool) -> Send:
        """Add headers to an answer, and have redirects within the site stay there."""
        own = self._base_url.encode()

        def correct(name: bytes, value: bytes) -> tuple[bytes, bytes]:
            if name.lower() == b"location" and not is_leading_out:
                value = own + value.removeprefix(own).lstrip(b"/")
            return name, value

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = [correct(*header) for header in message.get("headers", [])]
                message = {**message, "headers": [*headers, *_HEADERS]}
            await send(message)

        return send_with_headers

    def _tell(self, title: str, text: str) -> Response:
        link = ""
        if self._studio_url:
            link = f'<p><a href="{escape(self._studio_url)}">Open the Studio</a></p>'
        page = _PAGE.format(title=escape(title), text=escape(text), link=link)
        return HTMLResponse(page, 503, headers=_RETRY)


def _refuse_method(scope: Scope) -> Response | None:
    """Turn away what isn't a question before anything looks at it."""
    if scope["method"] in {"GET", "HEAD"}:
        return None
    text = "The ledger is open to questions only: GET and HEAD.\n"
    return PlainTextResponse(text, 405, headers={"allow": "GET, HEAD"})


def _read_thumbnail(read: ReadThumbnail, asset_id: str) -> Response:
    found = read(asset_id)
    if found is None or found[0] not in _PICTURE_TYPES:
        # Browsers draw it in spite of the status.
        return Response(_MISSING_THUMBNAIL, 404, media_type="image/svg+xml")
    mime, data = found
    return Response(data, media_type=mime, headers=_CACHED)
