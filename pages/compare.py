"""I hold a few pictures against one another, see what differs and why, and give the best one its star."""

from promptflow.ui.compare.page import draw_compare
from promptflow.ui.deps import laboratory
from promptflow.ui.errors import telling_errors
from promptflow.ui.frame import require_frame

require_frame()
with telling_errors():
    lab = laboratory()
    lab.open()
    draw_compare(lab)
