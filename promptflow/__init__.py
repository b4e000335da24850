"""Prompt Flow, an image-prompt laboratory."""

__version__ = "0.1.0"
