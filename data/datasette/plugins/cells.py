"""Cells that lead to pictures and to the Studio, text that stays text, and pages that stay closed."""

import logging
import re
from typing import Any
from urllib.parse import urlencode

from datasette import NotFound, Response, hookimpl
from datasette.database import QueryInterrupted
from datasette.utils import is_url, path_with_replaced_args
from markupsafe import Markup, escape

_log = logging.getLogger(__name__)

_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_ASSETS = frozenset({"asset_id", "thumbnail_id", "source_id"})
_GENERATIONS = frozenset({"generation_id", "parent_id"})
_URL_CHARS = 300
_DATABASE = "promptflow"
_UNEXPECTED = 500
_NO_PAGE = "There is no such page."
_WORDS = {403: "Not allowed", 404: "Not found"}
_TITLES = {"row": "Show this row", "studio": "Open in the Studio"}


@hookimpl
def render_cell(row: Any, value: Any, column: str, table: str | None, datasette: Any) -> Any:
    """Show a picture for its id, link ids to the Studio, and keep addresses from becoming links."""
    # Where Datasette looks a foreign key up, this is what it found.
    found, label = (value["value"], value["label"]) if isinstance(value, dict) else (value, value)
    if _is_id(found) and (column in _ASSETS or (table, column) == ("assets", "id")):
        return _draw_asset(datasette, found)
    if _is_id(found) and (column in _GENERATIONS or (table, column) == ("generations", "id")):
        return _draw_generation(datasette, found, label)
    # The first column of a table is Datasette's own; what belongs to it is shown beside it.
    if (table, column) == ("assets", "key"):
        return _beside(_draw_picture(datasette, row["id"]), value)
    if (table, column) == ("generations", "title"):
        return _beside(value, _draw_studio(datasette, row["id"]))
    if isinstance(value, str) and is_url(value.strip()):
        return escape(value if len(value) <= _URL_CHARS else f"{value[:_URL_CHARS]}…")
    return None


@hookimpl
def extra_template_vars(datasette: Any) -> dict[str, Any]:
    """Make addresses whole where Datasette leaves out the path it is served under."""

    def replace_args(request: Any, args: Any, path: str | None = None) -> Any:
        return datasette.urls.path(path_with_replaced_args(request, args, path))

    return {"path_with_replaced_args": replace_args}


@hookimpl
def menu_links(datasette: Any) -> list[dict[str, str]]:
    """Lead back to the Studio from every page."""
    studio_url = (datasette.plugin_config(_DATABASE) or {}).get("studio_url")
    return [{"href": studio_url, "label": "Studio"}] if studio_url else []


@hookimpl
def register_routes() -> list[tuple[str, Any]]:
    """Lead from a picture to its generation, and close the pages that tell of the machine."""
    return [
        (r"^/$", _enter),
        (rf"^/-/studio/(?P<asset_id>{_UUID.pattern})$", _open_studio),
        (r"^/-/(?!static/).*$", _close),
    ]


@hookimpl
def handle_exception(datasette: Any, request: Any, exception: Exception) -> Any:
    """Tell what went wrong without the machine's inside; the explorer leaves out Datasette's own way."""
    status = getattr(exception, "status", 500)
    if status >= _UNEXPECTED:
        _log.error("A question failed.", exc_info=exception)
        title, text = "Something went wrong", "The server's log has what it was."
    elif isinstance(getattr(exception, "__context__", None), QueryInterrupted):
        limit_s = datasette.setting("sql_time_limit_ms") / 1000
        title = "Stopped"
        text = f"The question took longer than {limit_s:g} s. Ask for fewer days or rows."
    else:
        title = getattr(exception, "title", None) or _WORDS.get(status, f"Error {status}")
        text = getattr(exception, "message", None) or str(exception)
        text = _NO_PAGE if text == str(status) else text
    told = {"ok": False, "error": text, "status": status, "title": title}

    async def answer() -> Any:
        if request.path.endswith(".json"):
            return Response.json(told, status=status)
        page = await datasette.render_template("error.html", told, request=request)
        return Response.html(page, status=status)

    return answer


async def _open_studio(request: Any, datasette: Any) -> Any:
    sql = "SELECT generation_id FROM assets WHERE id = ?"
    asset_id = request.url_vars["asset_id"]
    found = (await datasette.get_database(_DATABASE).execute(sql, [asset_id])).first()
    studio_url = found and _studio_url(datasette, found["generation_id"])
    if not studio_url:
        message = "No picture of this id is known here, or no Studio."
        raise NotFound(message)
    return Response.redirect(studio_url)


def _enter(datasette: Any) -> Any:
    """There is one ledger: its page is the first."""
    return Response.redirect(datasette.urls.database(_DATABASE))


def _close() -> None:
    raise NotFound(_NO_PAGE)


def _draw_asset(datasette: Any, asset_id: object) -> Markup:
    place = datasette.urls.row(_DATABASE, "assets", asset_id)
    return _beside(_draw_picture(datasette, asset_id), _link(place, asset_id, _TITLES["row"]))


def _draw_generation(datasette: Any, generation_id: object, label: object) -> Markup:
    place = datasette.urls.row(_DATABASE, "generations", generation_id)
    link = _link(place, label or generation_id, _TITLES["row"])
    return _beside(link, _draw_studio(datasette, generation_id))


def _draw_picture(datasette: Any, asset_id: object) -> Markup | None:
    """Draw the thumbnail, a link to the Studio where there is one."""
    if not _is_id(asset_id):
        return None
    source = datasette.urls.path(f"/-/thumbnail/{asset_id}")
    picture = Markup('<img class="thumbnail" src="{}" alt="Picture" loading="lazy">').format(source)
    if _studio_url(datasette, "") is None:
        return picture
    return _link(datasette.urls.path(f"/-/studio/{asset_id}"), picture, _TITLES["studio"])


def _draw_studio(datasette: Any, generation_id: object) -> Markup | None:
    url = _studio_url(datasette, generation_id) if _is_id(generation_id) else None
    return None if url is None else _link(url, "Studio", _TITLES["studio"], "studio")


def _studio_url(datasette: Any, generation_id: object) -> str | None:
    root = (datasette.plugin_config(_DATABASE) or {}).get("studio_url")
    return f"{root}?{urlencode({'generation': generation_id})}" if root else None


def _is_id(value: object) -> bool:
    return isinstance(value, str) and _UUID.fullmatch(value) is not None


def _link(url: object, text: object, title: str, css_class: str = "") -> Markup:
    return Markup('<a href="{}" title="{}" class="{}">{}</a>').format(url, title, css_class, text)


def _beside(*parts: object) -> Markup:
    """Put parts side by side, each escaped unless it is markup; what is missing is left out."""
    shown = (str(escape(part)) for part in parts if part is not None and part != "")
    return Markup("".join(shown))  # noqa: S704 - each part was escaped
