"""The provider that needs no key: texts written by rules, pictures drawn by code, not by an AI model.

`models` obeys the ports; `words` and `writing` read and write; `scene` and the modules under it draw.
Floor 4.
"""

from promptflow.providers.offline.models import PROVIDER, OfflinePainter, OfflinePlanner

__all__ = ["PROVIDER", "OfflinePainter", "OfflinePlanner"]
