"""What the environment says. Floor 3: reads variables, opens nothing."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

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
    """
    folder = environ.get("PROMPTFLOW_DATA_DIR", "").strip()
    return Settings(
        data_dir=Path(folder).expanduser().absolute() if folder else SHIPPED_DATA,
        variables=frozenset(name for name, value in environ.items() if value.strip()),
    )
