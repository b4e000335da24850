"""A break changes an answer where it says, and nowhere else."""

import pytest

from tests.wire.answers import (
    ALL,
    Answer,
    Break,
    HangUp,
    Pause,
    Piece,
    Reset,
    Stall,
    Step,
    add_fields,
    both,
    end_after,
    hang_up_after,
    insert_after,
    json_answer,
    midway,
    reset_after,
    split_words,
    stall_after,
    stream_answer,
    truncate_after,
)

_A, _B, _C = Piece(b"aaaa"), Piece(b"bbbb"), Piece(b"cccc")
_STREAM = stream_answer([b"aaaa", b"bbbb", b"cccc"])
_PACED = stream_answer([b"aaaa", b"bbbb"], pace_s=1)


@pytest.mark.parametrize(
    ("fault", "steps"),
    [
        (reset_after(0), (Reset(),)),
        (reset_after(1), (_A, Reset())),
        (reset_after(-1), (_A, _B, Reset())),
        (reset_after(ALL), (_A, _B, _C, Reset())),
        (stall_after(2), (_A, _B, Stall())),
        (hang_up_after(2), (_A, _B, HangUp())),
        (end_after(-2), (_A,)),
        (insert_after(1, b"x", b"y"), (_A, Piece(b"x"), Piece(b"y"), _B, _C)),
        (truncate_after(1), (_A, Piece(b"bb"))),
        (midway(reset_after), (_A, Reset())),
        (both(insert_after(0, b"x"), end_after(2)), (Piece(b"x"), _A)),
        (both(), (_A, _B, _C)),
    ],
)
def test_break_is_where_it_says(fault: Break, steps: tuple[Step, ...]) -> None:
    """Places are counted in pieces, from the front or from the back."""
    assert fault(_STREAM).steps == steps


def test_pauses_are_no_pieces() -> None:
    """The pause before a piece goes when the piece goes."""
    assert _PACED.steps == (_A, Pause(1), _B)
    assert reset_after(1)(_PACED).steps == (_A, Reset())


def test_whole_answer_has_two_halves() -> None:
    """A body of known size can break in the middle, and keeps its promised length."""
    answer = reset_after(1)(json_answer({"x": 1}))

    assert answer.steps == (Piece(b'{"x'), Reset())
    assert answer.length == 7


def test_truncated_body_promises_no_more_than_it_sends() -> None:
    """A body of known size that is truncated is, to HTTP, whole."""
    assert truncate_after(1)(json_answer({"x": 12})).length == 6


def test_nothing_is_slipped_into_a_body_of_known_size() -> None:
    """An event belongs into a stream, a field into an answer that isn't one."""
    answer = json_answer({"x": 1})

    assert insert_after(1, b"x")(answer) == answer
    assert add_fields(y=2)(answer) == json_answer({"x": 1, "y": 2})
    assert add_fields(y=2)(_STREAM) == _STREAM


@pytest.mark.parametrize("pieces", [4, -4])
def test_break_beyond_the_answer_is_an_error(pieces: int) -> None:
    """A test that means to break what isn't there is told."""
    with pytest.raises(ValueError, match="3 pieces"):
        reset_after(pieces)(_STREAM)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a bc  d", ("a ", "bc  ", "d")),
        (" a\n", (" a\n",)),
        ("  ", ("  ",)),
        (["x y", "z"], ("x y", "z")),
    ],
)
def test_words_are_cut_and_none_is_lost(text: str | list[str], words: tuple[str, ...]) -> None:
    """A text is cut into words; what is cut already stays as it is."""
    assert split_words(text) == words


def test_answer_without_a_length_is_streamed() -> None:
    """Chunks are for bodies of unknown size."""
    assert Answer().streamed
    assert not json_answer({}).streamed
