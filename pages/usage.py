"""I see what was spent, on what, how long it took, and what the month will come to."""

from promptflow.ui.deps import laboratory
from promptflow.ui.errors import telling_errors
from promptflow.ui.frame import require_frame
from promptflow.ui.usage.page import draw_usage

require_frame()
with telling_errors():
    lab = laboratory()
    lab.open()
    draw_usage(lab)
