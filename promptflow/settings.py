"""What the environment says. Floor 3: reads variables, opens nothing."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from promptflow.errors import SetupError

ROOT = Path(__file__).resolve().parent.parent
"""The checkout: shipped data is read from ``data/`` in it."""
SHIPPED_DATA = ROOT / "data"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """How this installation is set up."""

    data_dir: Path
    """Where the ledger and the pictures are kept: ``PROMPTFLOW_DATA_DIR``, else ``data/``."""
    variables: frozenset[str]
    """The names, never the values, of the environment variables that are set to something."""

    @property
    def database(self) -> Path:
        """The ledger's file."""
        return self.data_dir / "promptflow.db"


def read_settings(environ: Mapping[str, str]) -> Settings:
    """Read the settings from environment variables.

    Args:
        environ: variable name → value, as in ``os.environ``.

    Returns:
        The settings; unset and blank variables fall back to their defaults.

    Raises:
        SetupError: a variable can't be understood; it says which.
    """
    folder = environ.get("PROMPTFLOW_DATA_DIR", "").strip()
    return Settings(
        data_dir=_read_folder(folder) if folder else SHIPPED_DATA,
        variables=frozenset(name for name, value in environ.items() if value.strip()),
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
