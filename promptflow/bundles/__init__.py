"""Generations in one zip file, to be read by people and taken into another ledger. Above the ledger.

    manifest.json    format, version, schema, and the sha256 and size of every other file
    ledger.json      the rows of these generations as the ledger has them
    images/{key}     every picture and reference image
    index.html       all of it as a page that needs nothing else

Nothing is packed: pictures are already, and what isn't packed can't unfold into more than it is.
"""

from promptflow.bundles.read import Imported, import_bundle
from promptflow.bundles.write import Exported, export_bundle

__all__ = ["Exported", "Imported", "export_bundle", "import_bundle"]
