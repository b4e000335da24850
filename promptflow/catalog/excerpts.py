"""What someone sent, short enough to stand in a message."""

EXCERPT_CHARS = 60


def excerpt(value: object) -> str:
    """Show a value in at most 60 characters.

    Args:
        value: what someone sent, of any type and size.

    Returns:
        It as Python writes it, cut short with an ellipsis; of a huge number only its size, because
        Python refuses to write that out.
    """
    if isinstance(value, int) and value.bit_length() > 128:
        return "of over 128 bits"
    shown = repr(value[:EXCERPT_CHARS] if isinstance(value, str) else value)
    return shown if len(shown) <= EXCERPT_CHARS else f"{shown[: EXCERPT_CHARS - 1]}…"
