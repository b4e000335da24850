"""Lineages to write into pictures."""

from dataclasses import replace
from datetime import UTC, datetime

from hypothesis import strategies as st

from promptflow.xmp import PictureLineage

LINEAGE = PictureLineage(
    generation_id="01990000-0000-7000-8000-000000000001",
    run_id="01990000-0000-7000-8000-000000000002",
    index=1,
    request="Ein Leuchtturm <im> Sturm & „mehr“ ]]> 🦊\r\n\tשמש",
    prompt="A lighthouse, linocut.\nNo text.",
    image_model="painter-1",
    provider="openai",
    text_model="writer-1",
    parameters={"quality": "high", "output_compression": 80},
    aspect_ratio="16:9",
    seed=7,
    created_at=datetime(2026, 11, 23, 12, 30, 15, 250_000, tzinfo=UTC),
    app_version="0.4.0",
)

_kept_texts = st.text(
    st.characters(exclude_categories=("Cs", "Cc"), exclude_characters="\ufffe\uffff")
    | st.sampled_from("\t\n\r \x7f\x85&<>\"'\u2028"),
    max_size=60,
)
"""Those that XML can hold."""

lineages = st.builds(
    replace,
    st.just(LINEAGE),
    index=st.integers(0, 9),
    request=_kept_texts,
    prompt=_kept_texts,
    image_model=_kept_texts,
    aspect_ratio=_kept_texts,
    seed=st.none() | st.integers(-(2**63), 2**63 - 1),
    parameters=st.dictionaries(_kept_texts, _kept_texts | st.integers(-9, 99), max_size=3),
)
"""Those that come back as they were."""
odd_texts = st.text(st.characters(), max_size=60)
"""Anything Python calls a text: controls, half surrogate pairs, non-characters."""
