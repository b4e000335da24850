"""How much one request may ask for, whatever its models could do."""

MAX_REQUEST_CHARS = 4_000
MAX_IMAGE_MODELS = 8
MAX_IMAGES_PER_MODEL = 4
MAX_SEED = 2_147_483_647
MAX_REFERENCES = 8
MAX_REFERENCE_BYTES = 20 * 1024 * 1024
"""Of one reference picture as it is sent; ``maxUploadSize`` in `.streamlit/config.toml` lets more through."""
MAX_INSTRUCTION_CHARS = 8_000
"""Of a text that a stage is told instead of the shipped one; guidance for an image model comes besides."""
MAX_PROMPT_CHARS = 32_000
"""Of a prompt for an image model that names no limit."""
