"""What the environment says about the bucket."""

import re

import pytest

from promptflow.buckets import BucketSettings, read_bucket
from promptflow.errors import SetupError
from promptflow.settings import gather_variables, read_settings

KEY_ID = "004markedid0123456789abcd"
KEY = "K004marked+Secret/0123456789abc"
NEW = {
    "B2_APPLICATION_KEY_ID": KEY_ID,
    "B2_APPLICATION_KEY": KEY,
    "B2_BUCKET_NAME": "my-bucket",
    "B2_REGION": "us-west-004",
}
OLD = {
    "B2_S3_ENDPOINT": "https://s3.eu-central-003.backblazeb2.com",
    "B2_S3_BUCKET": "old-bucket",
    "B2_S3_ACCESS_KEY_ID": "003oldid",
    "B2_S3_SECRET_ACCESS_KEY": "K003old",
}


def read(environ: dict[str, str]) -> BucketSettings:
    """Read settings that are complete."""
    settings = read_bucket(environ)
    assert settings is not None
    return settings


def refuse(environ: dict[str, str]) -> str:
    """Read variables in vain and return why; no key is in it."""
    with pytest.raises(SetupError) as caught:
        read_bucket(environ)
    assert KEY not in caught.value.message
    assert KEY_ID not in caught.value.message
    return caught.value.message


@pytest.mark.parametrize(
    "environ",
    [
        {},
        dict.fromkeys((*NEW, *OLD, "S3_ENDPOINT_URL", "B2_PUBLIC_URL_BASE"), " "),
        {"IMAGE_URL_TTL_SECONDS": "600"},
    ],
)
def test_without_variables_there_is_no_bucket(environ: dict[str, str]) -> None:
    """Nothing set, or blanks, or but a life for links: pictures stay on this machine."""
    assert read_bucket(environ) is None
    assert read_settings(environ).bucket is None


def test_four_variables_make_a_bucket() -> None:
    """Key id, key, name and region are enough; the endpoint follows from the region."""
    settings = read_settings(NEW).bucket

    assert settings == BucketSettings(
        key_id=KEY_ID,
        key=KEY,
        bucket="my-bucket",
        region="us-west-004",
        endpoint="https://s3.us-west-004.backblazeb2.com",
        is_b2=True,
        public_url_base=None,
        link_ttl_s=900,
        variables={
            "key_id": "B2_APPLICATION_KEY_ID",
            "key": "B2_APPLICATION_KEY",
            "bucket": "B2_BUCKET_NAME",
            "region": "B2_REGION",
        },
    )
    assert settings.title == "Backblaze B2"


def test_no_key_is_shown() -> None:
    """No text of the settings holds the key or its id."""
    shown = repr(read_settings(NEW))

    assert KEY not in shown
    assert KEY_ID not in shown


def test_blanks_around_values_do_not_count() -> None:
    """What was pasted with a line end is taken without it."""
    assert read({name: f" {value}\n" for name, value in NEW.items()}) == read(NEW)


def test_the_older_variables_still_work() -> None:
    """All under their older names, the region read off the endpoint."""
    settings = read(OLD | {"B2_S3_PRESIGN_TTL_SECONDS": "60"})

    assert (settings.key_id, settings.key, settings.bucket) == ("003oldid", "K003old", "old-bucket")
    assert settings.region == "eu-central-003"
    assert settings.endpoint == "https://s3.eu-central-003.backblazeb2.com"
    assert settings.link_ttl_s == 60
    assert settings.variables == {
        "key_id": "B2_S3_ACCESS_KEY_ID",
        "key": "B2_S3_SECRET_ACCESS_KEY",
        "bucket": "B2_S3_BUCKET",
        "region": "B2_S3_ENDPOINT",
    }


def test_the_older_region_wins_over_the_endpoint() -> None:
    """A region that is set is taken, and the endpoint built from it."""
    settings = read(OLD | {"B2_S3_REGION": "us-east-005"})

    assert settings.endpoint == "https://s3.us-east-005.backblazeb2.com"
    assert settings.variables["region"] == "B2_S3_REGION"


def test_the_newer_names_win() -> None:
    """With both set, the older ones don't count."""
    both = OLD | NEW | {"IMAGE_URL_TTL_SECONDS": "61", "B2_S3_PRESIGN_TTL_SECONDS": "60"}

    settings = read(both)

    assert settings == read(NEW | {"IMAGE_URL_TTL_SECONDS": "61"})


@pytest.mark.parametrize(
    ("missing", "named"),
    [
        (["B2_APPLICATION_KEY_ID"], "B2_APPLICATION_KEY_ID is not set"),
        (["B2_APPLICATION_KEY"], "B2_APPLICATION_KEY is not set"),
        (["B2_REGION"], "B2_REGION is not set"),
        (["B2_BUCKET_NAME", "B2_REGION"], "B2_BUCKET_NAME and B2_REGION are not set"),
        (
            ["B2_APPLICATION_KEY_ID", "B2_APPLICATION_KEY", "B2_BUCKET_NAME"],
            "B2_APPLICATION_KEY_ID, B2_APPLICATION_KEY and B2_BUCKET_NAME are not set",
        ),
    ],
)
def test_exactly_what_is_missing_is_named(missing: list[str], named: str) -> None:
    """Some of the variables but not all of them: the others are asked for."""
    left = {name: value for name, value in NEW.items() if name not in missing}

    assert refuse(left) == (
        f"Pictures can't be kept in the bucket: {named}. Set what is missing, or unset all B2_… "
        "variables and S3_ENDPOINT_URL to keep pictures on this machine."
    )


@pytest.mark.parametrize(
    "environ",
    [
        {"B2_PUBLIC_URL_BASE": "https://cdn.example"},
        {"S3_ENDPOINT_URL": "https://s3.example"},
        {"B2_S3_ENDPOINT": "https://s3.us-west-004.backblazeb2.com"},
    ],
)
def test_any_address_asks_for_a_bucket(environ: dict[str, str]) -> None:
    """An address alone is a bucket half set up, not none."""
    assert "B2_APPLICATION_KEY_ID, B2_APPLICATION_KEY" in refuse(environ)


@pytest.mark.parametrize(
    "region",
    [
        "Mars",
        "us-west-4",
        "us-west-0044",
        "US-WEST-004",
        "us-west-004.",
        "us-west-٠٠٤",
        "us_west_004",
    ],
)
def test_a_region_that_is_none_is_refused(region: str) -> None:
    """A region has the form that Backblaze gives it."""
    told = refuse(NEW | {"B2_REGION": region})

    assert re.match(r"B2_REGION( \('[\w.-]+'\))? is no region of Backblaze B2\.", told)
    assert "One looks like 'us-west-004'" in told


@pytest.mark.parametrize(
    "region",
    [
        "us-west-004@evil.example",
        "user:word@evil.example/us-west-004",
        "us-west-004.backblazeb2.com@evil.example",
        "evil.example/us-west-004",
        "evil.example#us-west-004",
        "evil.example?us-west-004",
        "us-west-004\n.evil.example",
        "us-west-004:443",
    ],
)
@pytest.mark.parametrize("variable", ["B2_REGION", "B2_S3_REGION"])
def test_no_region_leads_to_another_host(variable: str, region: str) -> None:
    """A region that would change the host is refused and not repeated."""
    environ = {name: value for name, value in NEW.items() if name != "B2_REGION"}

    told = refuse(environ | {variable: region})

    assert told.startswith(f"{variable} is no region of Backblaze B2.")
    assert "evil" not in told


@pytest.mark.parametrize(
    "endpoint",
    [
        "http://s3.us-west-004.backblazeb2.com",
        "https://s3.us-west-004.backblazeb2.com.evil.example",
        "https://s3.us-west-004.backblazeb2.com@evil.example",
        "https://user:word@s3.us-west-004.backblazeb2.com",
        "https://s3.us-west-004.backblazeb2.com:444",
        "https://s3.us-west-004.backblazeb2.com/path",
        "https://evil.example/s3.us-west-004.backblazeb2.com",
        "https://s3xus-west-004.backblazeb2.com",
        "https://s3.mars.backblazeb2.com",
        "https://minio.example",
    ],
)
def test_an_older_endpoint_elsewhere_is_refused(endpoint: str) -> None:
    """Only Backblaze's own endpoints are read; others are sent to the variable for them."""
    told = refuse(OLD | {"B2_S3_ENDPOINT": endpoint})

    assert told == (
        "B2_S3_ENDPOINT is no endpoint of Backblaze B2: those look like "
        "https://s3.us-west-004.backblazeb2.com. To use another S3 server, name it in "
        "S3_ENDPOINT_URL."
    )


def test_an_older_endpoint_may_end_with_a_slash() -> None:
    """The slash that many write changes nothing."""
    assert read(OLD | {"B2_S3_ENDPOINT": f"{OLD['B2_S3_ENDPOINT']}/"}) == read(OLD)


@pytest.mark.parametrize(
    ("variables", "endpoint", "region"),
    [
        ({"S3_ENDPOINT_URL": "http://127.0.0.1:9000/"}, "http://127.0.0.1:9000", "us-west-004"),
        ({"S3_ENDPOINT_URL": "https://s3.example/a"}, "https://s3.example/a", "us-west-004"),
        (
            {"S3_ENDPOINT_URL": "http://[::1]:9000", "B2_REGION": ""},
            "http://[::1]:9000",
            "us-east-1",
        ),
        (
            {"S3_ENDPOINT_URL": "https://s3.example", "B2_REGION": "auto"},
            "https://s3.example",
            "auto",
        ),
        (
            {"S3_ENDPOINT_URL": "https://s3.example", "B2_S3_ENDPOINT": "https://minio.example"},
            "https://s3.example",
            "us-west-004",
        ),
    ],
)
def test_another_server_is_named_by_itself(
    variables: dict[str, str], endpoint: str, region: str
) -> None:
    """The one explicit variable leads to any S3 server; a region is for its signatures only."""
    settings = read(NEW | variables)

    assert (settings.endpoint, settings.region, settings.is_b2) == (endpoint, region, False)
    assert settings.title == f"the S3 server at {endpoint!r}"


@pytest.mark.parametrize("region", ["EU", "a b", "x/y", "us-east-1\n/s3", "-a"])
def test_a_region_for_another_server_is_a_plain_word(region: str) -> None:
    """What goes into a signature's scope has no blank and no slash in it."""
    told = refuse(NEW | {"S3_ENDPOINT_URL": "https://s3.example", "B2_REGION": region})

    assert "is no region that a request can be signed for" in told


BAD_ADDRESSES = [
    "http://host.example",
    "https://user:word@host.example",
    "https://user@host.example",
    "ftp://host.example",
    "host.example",
    "https://[broken",
    "https://host.example/?a=word",
    "https://host.example/#word",
    "https://host.example\\@evil.example",
    "https://host.example:99999",
    "https://host.example:0",
    "https://host.example:port",
    "https://bücher.example",
    "https://host.example/ä",
    "https://my_host.example",
    "https://-host.example",
    "https://host..example",
]


@pytest.mark.parametrize("url", BAD_ADDRESSES)
def test_another_server_must_be_safe(url: str) -> None:
    """An address in the clear, with a password or with anything behind it is refused, not repeated."""
    told = refuse(NEW | {"S3_ENDPOINT_URL": url})

    assert told == (
        "S3_ENDPOINT_URL is no address that pictures may be sent to. Give one like "
        "https://s3.example.com, without a user name, a password or anything behind a '?' or '#'; "
        "http is accepted for this machine only."
    )


@pytest.mark.parametrize("url", BAD_ADDRESSES)
def test_a_public_address_must_be_safe(url: str) -> None:
    """Links begin with https, hold no password, and lead to a key."""
    told = refuse(NEW | {"B2_PUBLIC_URL_BASE": url})

    assert told == (
        "B2_PUBLIC_URL_BASE is no address that links can begin with. Give one like "
        "https://f004.backblazeb2.com/file/my-bucket, without a user name, a password or anything "
        "behind a '?' or '#'; http is accepted for this machine only."
    )


def test_a_public_address_is_kept_without_its_slash() -> None:
    """Links are put together with one slash."""
    settings = read(NEW | {"B2_PUBLIC_URL_BASE": "https://f004.backblazeb2.com/file/my-bucket/"})

    assert settings.public_url_base == "https://f004.backblazeb2.com/file/my-bucket"


@pytest.mark.parametrize(
    "bucket",
    [
        "ab",
        "K004abcdefghijklmnopqrstuvwxyz0",
        "a-bucket--x-s3",
        "a-bucket--xa-s3",
        "https://x",
        "a/b",
        "a b",
        "arn:aws:s3:::x",
        "..",
        "x" * 64,
    ],
)
def test_a_bucket_that_is_no_name_is_refused(bucket: str) -> None:
    """A name of a bucket can't be part of an address, and none of Amazon's resource names."""
    assert "is no name of a bucket" in refuse(NEW | {"B2_BUCKET_NAME": bucket})


def test_a_key_in_the_place_of_a_name_is_not_repeated() -> None:
    """Who mixes up the variables doesn't find the key in a message."""
    assert refuse(NEW | {"B2_BUCKET_NAME": KEY}).startswith(
        "B2_BUCKET_NAME is no name of a bucket."
    )
    assert refuse(NEW | {"IMAGE_URL_TTL_SECONDS": KEY}).startswith(
        "IMAGE_URL_TTL_SECONDS is no time"
    )


@pytest.mark.parametrize("variable", ["B2_APPLICATION_KEY_ID", "B2_APPLICATION_KEY"])
@pytest.mark.parametrize("value", ["with blank", "with\nline", "schlüssel"])
def test_a_key_that_cannot_be_sent_is_refused(variable: str, value: str) -> None:
    """A key with a character that no key has is told by its variable."""
    told = refuse(NEW | {variable: value})

    assert told == (
        f"{variable} holds a character that no key has, such as a blank or a line end. Copy the key "
        "anew, without anything around it."
    )


@pytest.mark.parametrize(("text", "ttl_s"), [("1", 1), (" 900 ", 900), ("604800", 604_800)])
def test_links_live_as_long_as_is_set(text: str, ttl_s: int) -> None:
    """Whole seconds from one to a week are taken."""
    assert read(NEW | {"IMAGE_URL_TTL_SECONDS": text}).link_ttl_s == ttl_s


@pytest.mark.parametrize(
    "text", ["10.5", "10abc", "0", "604801", "-1", "+5", "1e3", "1_000", "1,000", "٣", "9" * 5000]
)
@pytest.mark.parametrize("variable", ["IMAGE_URL_TTL_SECONDS", "B2_S3_PRESIGN_TTL_SECONDS"])
def test_an_impossible_life_of_links_is_refused(variable: str, text: str) -> None:
    """Anything else is refused in a sentence with the variable and what it takes."""
    told = refuse(NEW | {variable: text})

    assert told in {
        f"{variable}{shown} is no time that links can be good for. Give whole seconds from 1 to "
        "604800, or unset it for 900."
        for shown in (f" ({text!r})", "")
    }


def test_the_life_of_links_that_is_refused_is_shown() -> None:
    """What was written is repeated where it is short and plain."""
    assert refuse({"IMAGE_URL_TTL_SECONDS": "10.5"}).startswith(
        "IMAGE_URL_TTL_SECONDS ('10.5') is no"
    )


def test_numbers_in_secrets_count(tmp_path_factory: pytest.TempPathFactory) -> None:
    """In TOML a life of links is a number; it is read like text, and a flag is not."""
    secrets = {**NEW, "IMAGE_URL_TTL_SECONDS": 600, "B2_PUBLIC_URL_BASE": True}

    found = gather_variables({}, dotenv=tmp_path_factory.mktemp("x") / ".env", secrets=secrets)

    assert read(found).link_ttl_s == 600
    assert read(found).public_url_base is None
