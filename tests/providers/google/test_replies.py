"""What is read out of Google's bills."""

import pytest
from google.genai import types

from promptflow.providers.google.replies import to_usage
from promptflow.records import Usage

_Bill = types.GenerateContentResponseUsageMetadata


@pytest.mark.parametrize(
    ("bill", "usage"),
    [
        (_Bill(), Usage()),
        # What is 0 is left out on the wire: a blocked prompt has no candidates.
        (
            _Bill(prompt_token_count=9, total_token_count=9),
            Usage(input_tokens=9, output_tokens=0),
        ),
        (
            _Bill(prompt_token_count=9, thoughts_token_count=3, total_token_count=12),
            Usage(input_tokens=9, output_tokens=3, thinking_tokens=3),
        ),
        (_Bill(candidates_token_count=5), Usage(output_tokens=5)),
        (
            _Bill(
                prompt_token_count=600,
                cached_content_token_count=40,
                prompt_tokens_details=[
                    types.ModalityTokenCount(modality=types.MediaModality.TEXT, token_count=84),
                    types.ModalityTokenCount(modality=types.MediaModality.IMAGE, token_count=258),
                    types.ModalityTokenCount(modality=types.MediaModality.IMAGE, token_count=258),
                    types.ModalityTokenCount(modality=types.MediaModality.IMAGE),
                ],
            ),
            Usage(input_tokens=600, cached_tokens=40, input_image_tokens=516),
        ),
    ],
)
def test_bill_of_a_whole_answer(
    bill: types.GenerateContentResponseUsageMetadata, usage: Usage
) -> None:
    """Each number is taken where it is told; the output is candidates and thoughts together."""
    assert to_usage(bill, whole=True) == usage


def test_bill_of_half_an_answer_knows_no_output() -> None:
    """What was said until an answer broke off is not all that is billed."""
    bill = _Bill(prompt_token_count=9, candidates_token_count=2, total_token_count=11)

    assert to_usage(bill, whole=False) == Usage(input_tokens=9)
