"""The names under which the page keeps things; nothing else reads a literal key."""

from promptflow.records import Stage

# Widgets of the form.
REQUEST = "request"
IMAGE_MODELS = "image_models"
TEXT_MODEL = "text_model"
ASPECT_RATIO = "aspect_ratio"
IMAGES_PER_MODEL = "images_per_model"
SEED = "seed"
BASELINE = "baseline"
OWN_INSTRUCTIONS = "own_instructions"
REFERENCE_IMAGES = "reference_images"
OPEN = "open"
OPEN_PICTURE = "open_picture"
MORE_SETTINGS = "more_settings"
GENERATE = "generate"
CANCEL = "cancel"

# Widgets around the form.
SEARCH = "search"
OLDER = "older"
NEWER = "newer"
LAYOUT = "layout"
NEW_PROMPT = "new_prompt"
RESTORE = "restore"
DISMISS = "dismiss"

# Widgets of the Studio's actions on pictures; see also `of_run` and `of_generation`.
RETRY = "retry"
ADD_MODELS = "add_models"
ADDED = "added"
BEGIN = "begin"

# Widgets of the Lineage page; see also `of_generation`.
LINEAGE_TAB = "lineage_tab"
NEWEST = "newest"
STOP_REPLAY = "stop_replay"

# Widgets of the Gallery; see also `of_picture`.
GALLERY_TEXT = "gallery_text"
GALLERY_MODELS = "gallery_models"
GALLERY_STATUSES = "gallery_statuses"
GALLERY_FROM = "gallery_from"
GALLERY_TO = "gallery_to"
GALLERY_COST_FROM = "gallery_cost_from"
GALLERY_COST_TO = "gallery_cost_to"
GALLERY_STARRED = "gallery_starred"
GALLERY_TAGS = "gallery_tags"
GALLERY_PAGE = "gallery_page"
CLEAR_FILTERS = "clear_filters"
SHOW_ALL = "show_all"
CARDS = "cards"
CHOOSE_PAGE = "choose_page"
CLEAR_CHOICE = "clear_choice"
DOWNLOAD_CHOSEN = "download_chosen"

# Widgets of the Compare page; see also `of_picture`.
COMPARE_VIEW = "compare_view"
COMPARE_FIRST = "compare_first"
COMPARE_SECOND = "compare_second"
COMPARE_FROM = "compare_from"
COMPARE_TO = "compare_to"
VIEWER = "viewer"

# Widgets of the Usage page.
USAGE_PERIOD = "usage_period"
USAGE_FROM = "usage_from"
USAGE_TO = "usage_to"
USAGE_BY = "usage_by"
USAGE_MEASURE = "usage_measure"
DOWNLOAD_USAGE = "download_usage"

# Plain values.
CHOSEN = "chosen"
"""Asset id → bytes, of the pictures chosen in the Gallery, in the order they were."""
CLICKED = "clicked"
"""Set by a click on a picture of the gallery: all of the page has to be drawn anew."""
LOOKED_AT = "looked_at"
"""The asset id of the picture to open; taken by the page."""
TROUBLE = "trouble"
"""What a click could not do; taken by the page."""
DELETED = "deleted"
"""What was deleted last on this page, and can be brought back at once: its kind and id."""
ACTION = "action"
"""The dialog of the Studio that is open: its kind, whose generation, and which run it is about."""
CARDS_CLICKED = "cards_clicked"
"""Set by a click in the cards that more of the page than they is to follow, e.g. one that opens a dialog;
taken by the page's full run."""
HISTORY_PAGES = "history_pages"
"""For each page turned towards the older ones, the id its generations come before."""
FRAMED = "framed"
"""Set by `app.py`, taken by the page that it runs."""
FULL_RUN = "full_run"
"""Set by the script, taken by the live fragment: its first run draws, later ones follow."""
REPLAYED = "replayed"
"""How far the replay on screen has come: generation id, milliseconds since the flow's start."""
STARTED = "started"
"""What was last started here: request, references, generation id, moment."""
AS_REFERENCES = "as_references"
"""The ids of the files that say where they come from and are to be references all the same."""
DRAFTS = "drafts"
"""(generation id, stage, field) → what was typed there for a fork that isn't sent yet."""
OPENINGS = "openings"
"""How often fields of a fork were filled: each time they are other fields."""
FORKED = "forked"
"""What was last forked here: parent, wish, child, moment."""
UPLOADS = "uploads"
"""File id → what became of a file that was sent, so that each is decoded once."""
OPENING = "opening"
"""Whether the field for a picture to open was asked for."""
ASIDE = "aside"
"""Set for the next run: the sidebar is to make room."""

# In the address.
GENERATION = "generation"


def parameter(model_id: str, name: str) -> str:
    """Return the key of what is asked of an image model, e.g. ``gpt-image-2.quality``."""
    return f"{model_id}.{name}"


def instructions(stage: Stage) -> str:
    """Return the key of what a stage is told instead of the shipped text."""
    return f"instructions for {stage}"


def of_generation(generation_id: str, name: str) -> str:
    """Return the key of a widget that each generation has for itself, e.g. ``node 0193…``."""
    return f"{name} {generation_id}"


def of_run(run_id: str, name: str) -> str:
    """Return the key of a widget that each run has for itself, e.g. ``again 0193…``."""
    return f"{name} {run_id}"


def of_picture(asset_id: str, name: str) -> str:
    """Return the key of a widget that each picture has for itself, e.g. ``star 0193…``."""
    return f"{name} {asset_id}"
