"""Where pictures are kept, as the pages say it, with a bucket that works and one that does not."""

import itertools
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from promptflow.buckets import read_bucket
from promptflow.laboratory import Laboratory
from promptflow.rounds import Tidied
from promptflow.settings import Settings
from promptflow.ui import deps
from tests.pages.conftest import OpenLab, all_text, open_studio
from tests.scripted import GOUACHE, finish, give, make_laboratory, make_request
from tests.storage.marked import KEY, KEY_ID, REGION
from tests.wire.b2_front import B2Front, S3Fault
from tests.wire.buckets import S3Server

_numbers = itertools.count(1)
OpenShelf = Callable[..., Laboratory]


@pytest.fixture(scope="module")
def server() -> Iterator[S3Server]:
    """A server without a bucket."""
    with S3Server() as started:
        yield started


@pytest.fixture
def front(server: S3Server) -> Iterator[B2Front]:
    """What stands before it, as strict as Backblaze."""
    with B2Front(server, key_id=KEY_ID, key=KEY, region=REGION) as opened:
        yield opened


@pytest.fixture
def open_shelf(front: B2Front, settings: Settings) -> Iterator[OpenShelf]:
    """Open a laboratory that keeps its pictures in the bucket, and have the pages use it."""
    opened: list[Laboratory] = []

    def open_it(*, pictures: int = 1) -> Laboratory:
        # One of its own: the snapshot that another test leaves would be restored.
        name = front.server.make_bucket(f"pictures-{next(_numbers)}")
        bucket = read_bucket(front.variables(name))
        painters = {GOUACHE: give(*range(40, 40 + pictures))}
        opened.append(make_laboratory(replace(settings, bucket=bucket), painters=painters))
        deps.install(opened[-1])
        return opened[-1]

    yield open_it
    deps.install(None)
    for laboratory in opened:
        laboratory.close(timeout_s=10)
    st.cache_resource.clear()


def test_without_a_bucket_pictures_are_kept_here(open_lab: OpenLab) -> None:
    """At the foot of the sidebar stands where pictures are, on both pages."""
    open_lab()

    page = open_studio()
    foot = page.sidebar.caption[-1].value
    page.switch_page("pages/lineage.py").run()

    assert foot.endswith("Pictures are kept on this machine.")
    assert page.sidebar.caption[-1].value == foot


def test_the_bucket_is_named_and_pictures_are_linked(open_shelf: OpenShelf, front: B2Front) -> None:
    """What is uploaded is shown by a link that tells its key and no more of it; the words stay."""
    lab = open_shelf()
    generation_id = _make(lab)
    assert _settle(lab).trouble is None

    page = open_studio(generation_id)

    bucket = lab.settings.bucket
    assert bucket is not None
    [image] = [one.proto.imgs[0] for one in page.image]
    assert image.url.startswith(
        f"{front.endpoint}/{bucket.bucket}/generations/{generation_id}/output/"
    )
    assert "X-Amz-Signature=" in image.url
    assert "lighthouse" not in image.url
    assert image.alt.startswith("Offline gouache: ")
    assert f"bucket {bucket.bucket}." in all_text(page)
    assert not page.warning


def test_pictures_are_shown_from_the_outbox_with_a_warning(
    open_shelf: OpenShelf, front: B2Front
) -> None:
    """What the bucket does not take is shown from here; head and foot say why, once each."""
    front.fail("PUT", S3Fault(status=403, code="AccessDenied"), times=99)
    lab = open_shelf()
    generation_id = _make(lab)
    assert _settle(lab).trouble is not None

    page = open_studio(generation_id)

    [image] = [one.proto.imgs[0] for one in page.image]
    assert not image.url.startswith("http")
    [head], [foot] = page.main.warning, page.sidebar.warning
    assert head.proto.title == "1 picture of this generation is still on this machine only"
    assert foot.proto.title == "2 files wait to be uploaded"
    for told in (_plain(head.value), _plain(foot.value)):
        assert _TOLD.fullmatch(told)
    page.switch_page("pages/lineage.py").run()
    assert len(page.main.warning) == 1
    assert KEY not in all_text(page)


def test_the_warnings_go_with_their_reason(open_shelf: OpenShelf, front: B2Front) -> None:
    """Once all is in the bucket nothing is warned of any more."""
    front.fail("PUT", S3Fault(status=403, code="AccessDenied"), times=99)
    lab = open_shelf()
    generation_id = _make(lab)
    _settle(lab)
    page = open_studio(generation_id)
    front.left.clear()
    _settle(lab)

    page.run()

    assert not page.warning
    assert not page.exception


def test_several_pictures_are_small_and_one_is_whole(open_shelf: OpenShelf) -> None:
    """Among a run's pictures thumbnails are shown, and the picture itself where it is looked at."""
    lab = open_shelf(pictures=2)
    generation_id = _make(lab, pictures=2)
    _settle(lab)
    [run] = lab.look_up(generation_id)[1].runs
    page = open_studio(generation_id)
    page.switch_page("pages/lineage.py").run()

    page.session_state[f"node {generation_id}"] = run.run_id
    page.run()
    among = [one.proto.imgs[0].url for one in page.image]
    page.session_state[f"node {generation_id}"] = run.images[0].asset.asset_id
    page.run()

    assert ["/thumbnail/" in url for url in among] == [True, True]
    [alone] = [one.proto.imgs[0].url for one in page.image]
    assert "/output/" in alone


def test_pictures_in_the_bucket_are_compared_by_links(
    open_shelf: OpenShelf, front: B2Front
) -> None:
    """In step they are shown by signed links, and measured from what the bucket sends."""
    lab = open_shelf(pictures=2)
    generation_id = _make(lab, pictures=2)
    _settle(lab)

    page = _compare(lab, generation_id)

    viewer = json.loads(page.get("bidi_component")[0].proto.json)
    sources = [picture["src"] for picture in viewer["pictures"]]
    assert all(source.startswith(f"{front.endpoint}/") for source in sources)
    assert all("/output/" in source and "X-Amz-Signature=" in source for source in sources)
    page.button_group(key="compare_view").set_value("Difference").run()
    assert [metric.label for metric in page.metric] == ["SSIM", "Hash distance"]
    assert not page.error


def test_bucket_that_is_down_measures_nothing_and_says_so(
    open_shelf: OpenShelf, front: B2Front
) -> None:
    """Where the bucket sends no picture the difference is a sentence; table and words are there."""
    lab = open_shelf(pictures=2)
    generation_id = _make(lab, pictures=2)
    _settle(lab)
    page = _compare(lab, generation_id)
    front.fail("GET", S3Fault(status=403, code="AccessDenied"), times=99)

    page.button_group(key="compare_view").set_value("Difference").run()

    [error] = page.error
    assert "bucket" in _plain(error.value)
    assert "X-Amz" not in all_text(page)
    assert not page.metric
    assert "In which words" in [one.value for one in page.subheader]


_TOLD = re.compile(
    r"A picture could not be uploaded to the bucket 'pictures-\d+': the key in B2_APPLICATION_KEY_ID may "
    r"not write there \(AccessDenied\)\. Use one that may, for the bucket in B2_BUCKET_NAME\.\n\n"
    r"Nothing is lost: it is shown from this machine, and goes up by itself later\."
)


def _make(lab: Laboratory, *, pictures: int = 1) -> str:
    request = make_request(image_models=(GOUACHE,), images_per_model=pictures)
    generation_id = lab.start(request)
    list(finish(lab, generation_id))
    return generation_id


def _compare(lab: Laboratory, generation_id: str) -> AppTest:
    [run] = lab.look_up(generation_id)[1].runs
    page = open_studio()
    page.query_params["pictures"] = ",".join(image.asset.asset_id for image in run.images)
    return page.switch_page("pages/compare.py").run()


def _plain(text: str) -> str:
    return text.replace("\u2060", "").replace("\\", "")


def _settle(lab: Laboratory) -> Tidied:
    """Have all done that is done in the background."""
    done = lab.archive.settle(timeout_s=30)
    assert done
    return done
