"""Cells show pictures and lead to the Studio; text in them stays text."""

import re
from html import unescape
from io import BytesIO

import httpx
import pytest
from PIL import Image

from tests.datasette.known import ASSETS, GENERATIONS, HOSTILE, MARKUP
from tests.datasette.serving import STUDIO

OWN = ("/", "#", "http://127.0.0.1:")


def _links(page: str) -> list[str]:
    return [unescape(link) for link in re.findall(r'(?:href|src|action)="([^"]*)"', page)]


@pytest.mark.parametrize("path", ["/promptflow/lineage", "/promptflow/starred_pictures"])
def test_asset_ids_show_the_picture(site: httpx.Client, path: str) -> None:
    """An asset's id is its thumbnail, which leads to the Studio, and a link to its row."""
    links = _links(site.get(path).text)

    assert f"/-/thumbnail/{ASSETS[1]}" in links
    assert f"/-/studio/{ASSETS[1]}" in links
    assert f"/promptflow/assets/{ASSETS[1]}" in links


def test_assets_have_their_pictures_beside_them(site: httpx.Client) -> None:
    """In the table of assets, whose ids are links of its own, the picture stands by the key."""
    page = site.get("/promptflow/assets").text

    assert f"/-/thumbnail/{ASSETS[0]}" in _links(page)
    assert f"generations/{GENERATIONS[0]}/output/painter-1" in page


@pytest.mark.parametrize(
    "path", ["/promptflow/generations", "/promptflow/runs", "/promptflow/lineage"]
)
def test_generation_ids_lead_to_the_studio(site: httpx.Client, path: str) -> None:
    """A generation's id has a link to the Studio beside it."""
    assert f"{STUDIO}/?generation={GENERATIONS[0]}" in _links(site.get(path).text)


def test_a_picture_leads_to_its_generation(site: httpx.Client) -> None:
    """The link on a picture opens the generation it belongs to."""
    answer = site.get(f"/-/studio/{ASSETS[0]}")

    assert answer.status_code == 302
    assert answer.headers["location"] == f"{STUDIO}/?generation={GENERATIONS[0]}"


def test_a_thumbnail_is_handed_out(site: httpx.Client) -> None:
    """An asset's thumbnail is a WebP that may be kept by the browser, though it sends cookies."""
    answer = site.get(f"/-/thumbnail/{ASSETS[0]}", headers={"cookie": "_streamlit_session=x"})

    assert answer.status_code == 200
    assert answer.headers["content-type"] == "image/webp"
    assert "max-age=86400" in answer.headers["cache-control"]
    assert Image.open(BytesIO(answer.content)).size == (64, 36)


def test_a_missing_thumbnail_is_drawn(site: httpx.Client) -> None:
    """Where no thumbnail was made yet, a drawing says so."""
    answer = site.get(f"/-/thumbnail/{ASSETS[1]}")

    assert answer.status_code == 404
    assert "no thumbnail" in answer.text


@pytest.mark.parametrize(
    "path",
    [
        "/promptflow/generations",
        f"/promptflow/generations/{GENERATIONS[1]}",
        f"/promptflow/generations/{GENERATIONS[2]}",
        "/promptflow/lineage",
        "/promptflow/runs",
        "/promptflow/generations?_facet=title&_facet=request",
        "/promptflow/generations?_search=fox",
        "/promptflow?sql=select+title,+request,+title+as+generation_id,+title+as+asset_id+from+generations",
        f"/promptflow/generations?title={HOSTILE}",
    ],
)
def test_text_is_never_a_link_nor_markup(site: httpx.Client, path: str) -> None:
    """An address in a text is shown and can't be followed; tags in it are shown as they were typed."""
    page = site.get(path).text

    leading_out = [link for link in _links(page) if not link.startswith(OWN)]
    assert [link for link in leading_out if not link.startswith("https://datasette.io")] == []
    assert not [link for link in _links(page) if "evil.example" in link.partition("?")[0]]
    assert MARKUP not in page
    assert "<script>alert" not in page


def test_addresses_are_still_shown(site: httpx.Client) -> None:
    """An address that is no link is there to be read."""
    page = site.get("/promptflow?sql=select+title+from+generations").text

    assert HOSTILE in page


@pytest.mark.parametrize(
    "value", ["'x'", "'../../etc'", "1", "NULL", "x'00'", "upper(generation_id)", "''"]
)
def test_only_ids_become_links(site: httpx.Client, value: str) -> None:
    """What stands in a column of ids and is none is shown as it is."""
    sql = f"SELECT {value} AS asset_id, {value} AS generation_id FROM runs"  # noqa: S608

    page = site.get("/promptflow", params={"sql": sql})

    assert page.status_code == 200
    assert "/-/thumbnail/" not in page.text
    assert "?generation=" not in page.text
