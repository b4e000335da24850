"""What the environment says. Floor 3: reads variables and, where asked, a ``.env`` file."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from promptflow.addresses import split_safe
from promptflow.buckets import BucketSettings, read_bucket
from promptflow.budget import Limits, read_limits
from promptflow.errors import SetupError

ROOT = Path(__file__).resolve().parent.parent
"""The checkout: shipped data is read from ``data/`` in it."""
SHIPPED_DATA = ROOT / "data"

OPENAI_KEYS = ("OPENAI_API_KEY",)
GOOGLE_KEYS = ("GOOGLE_AI_API_KEY", "GEMINI_API_KEY", "GOOGLE_API_KEY")
"""The first that is set is used."""
_OPENAI_HOSTS = re.compile(r"(.+\.)?api\.openai\.com")


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """How to reach one provider."""

    key: str = field(repr=False)
    """A secret: it goes to the provider's SDK and nowhere else."""
    variable: str
    """The variable that held it."""
    base_url: str | None = None
    """Where the provider is; ``None`` for its own address."""
    text_models: tuple[str, ...] = ()
    """Ids of further text models, as a compatible server names them."""
    image_models: tuple[str, ...] = ()
    """Ids of further image models, as a compatible server names them."""

    @property
    def only_models(self) -> frozenset[str] | None:
        """The ids of all models there are at another server whose models are named.

        ``None`` where there may be others: at the provider's own address, and at one without names,
        which is taken for a gateway to the provider's own models.
        """
        named = frozenset((*self.text_models, *self.image_models))
        if not named or self.base_url is None:
            return None
        host = urlsplit(self.base_url).hostname or ""
        return None if _OPENAI_HOSTS.fullmatch(host) else named


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """How this installation is set up."""

    data_dir: Path
    """Where the ledger and the pictures are kept: ``PROMPTFLOW_DATA_DIR``, else ``data/``."""
    variables: frozenset[str]
    """The names, never the values, of the variables that are set to something."""
    openai: Endpoint | None = None
    """``None`` without a key."""
    google: Endpoint | None = None
    """``None`` without a key."""
    bucket: BucketSettings | None = None
    """Where pictures go in the end; ``None`` to keep them on this machine."""
    limits: Limits = Limits()
    """What may be spent; without limit by default."""

    @property
    def database(self) -> Path:
        """The ledger's file."""
        return self.data_dir / "promptflow.db"


def gather_variables(
    environ: Mapping[str, str], *, dotenv: Path, secrets: Mapping[str, object] | None = None
) -> dict[str, str]:
    """Put together what is set, wherever it is set.

    Args:
        environ: variable name → value, as in ``os.environ``; wins over the others.
        dotenv: a ``.env`` file, which need not exist; wins over the secrets.
        secrets: name → value, as in Streamlit's secrets; what isn't text or a number is passed over.

    Returns:
        Variable name → value.
    """
    # TOML has numbers, and a life of links looks like one; ``True`` is one to Python only.
    texts = {
        name: str(value)
        for name, value in (secrets or {}).items()
        if isinstance(value, (str, int, float)) and not isinstance(value, bool)
    }
    file = _read_dotenv(dotenv) if dotenv.is_file() else {}
    given = {name: value for name, value in environ.items() if value.strip()}
    return texts | file | given


def _read_dotenv(path: Path) -> dict[str, str]:
    from dotenv import dotenv_values

    return {name: value for name, value in dotenv_values(path).items() if value}


def read_settings(environ: Mapping[str, str]) -> Settings:
    """Read the settings from variables.

    Args:
        environ: variable name → value, as `gather_variables` or ``os.environ`` has them.

    Returns:
        The settings; unset and blank variables fall back to their defaults.

    Raises:
        SetupError: a variable can't be understood; it says which.
    """
    folder = environ.get("PROMPTFLOW_DATA_DIR", "").strip()
    return Settings(
        data_dir=_read_folder(folder) if folder else SHIPPED_DATA,
        variables=frozenset(name for name, value in environ.items() if value.strip()),
        openai=_read_endpoint(
            environ,
            OPENAI_KEYS,
            base_url="OPENAI_BASE_URL",
            text_models=_read_names(environ.get("OPENAI_TEXT_MODELS", "")),
            image_models=_read_names(environ.get("OPENAI_IMAGE_MODELS", "")),
        ),
        google=_read_endpoint(environ, GOOGLE_KEYS, base_url="GOOGLE_GEMINI_BASE_URL"),
        bucket=read_bucket(environ),
        limits=read_limits(environ),
    )


def _read_endpoint(
    environ: Mapping[str, str],
    keys: tuple[str, ...],
    *,
    base_url: str,
    text_models: tuple[str, ...] = (),
    image_models: tuple[str, ...] = (),
) -> Endpoint | None:
    variable = next((name for name in keys if environ.get(name, "").strip()), None)
    if variable is None:
        return None
    return Endpoint(
        key=environ[variable].strip(),
        variable=variable,
        base_url=_read_url(base_url, environ.get(base_url, "").strip()),
        text_models=text_models,
        image_models=image_models,
    )


def _read_names(text: str) -> tuple[str, ...]:
    """Read names with commas between them; no name twice."""
    return tuple(dict.fromkeys(name for part in text.split(",") if (name := part.strip())))


def _read_url(variable: str, url: str) -> str | None:
    """Check an address: a key is sent there, in the clear only to this machine."""
    if not url:
        return None
    if split_safe(url) is None:
        raise SetupError(_BAD_URL.format(variable))
    return url.rstrip("/")


_BAD_URL = (
    "{0} is no address that a key may be sent to. Give one like https://host/v1 without a user name "
    "or password; http is accepted for this machine only."
)


def _read_folder(folder: str) -> Path:
    try:
        return Path(folder).expanduser().absolute()
    except RuntimeError as error:
        message = (
            f"PROMPTFLOW_DATA_DIR is {folder!r}, but nobody of that name has a home folder here. "
            "Give the whole path."
        )
        raise SetupError(message) from error
