"""How much one request may ask for, whatever its models could do."""

MAX_REQUEST_CHARS = 4_000
MAX_IMAGE_MODELS = 8
MAX_IMAGES_PER_MODEL = 4
MAX_SEED = 2_147_483_647
