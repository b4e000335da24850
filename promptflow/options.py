"""What the command line's options hold, read into what a request is made of. Floor 7.

Only how an option is written is looked at here. Whether a model takes what is asked of it, the catalogue
says, as it does for the form.
"""

import difflib
import re
import stat
from collections.abc import Callable, Sequence
from dataclasses import fields, replace
from pathlib import Path

from promptflow.catalog import MAX_REFERENCE_BYTES, MAX_REFERENCES
from promptflow.catalog.excerpts import EXCERPT_CHARS, excerpt
from promptflow.catalog.limits import MAX_INSTRUCTION_CHARS
from promptflow.errors import InputError
from promptflow.ports import Reference
from promptflow.records import ImageParameters, Stage
from promptflow.references import FIELD, prepare_reference
from promptflow.wording import count

PARAMETERS = tuple(field.name for field in fields(ImageParameters))
"""The names that can stand before the equals sign."""
_COMPRESSION = "output_compression"
"""The one that is a number."""
_WHOLE_NUMBER = re.compile("-?[0-9]{1,9}")


def read_parameters(
    given: Sequence[str], image_models: Sequence[str]
) -> dict[str, ImageParameters]:
    """Read what is asked of the image models besides the prompt.

    Args:
        given: each ``NAME=VALUE``, for every model, or ``MODEL:NAME=VALUE``, for one; of two that say
            the same of the same model, the one that names it holds, else the last.
        image_models: ids of the chosen models.

    Returns:
        Image model id → what is asked of it; ids that aren't chosen are kept, to be refused.

    Raises:
        InputError: one is not written like that, or there is no parameter of that name.
    """
    asked = dict.fromkeys(image_models, ImageParameters())
    read = [_read_parameter(each) for each in given]
    for model, name, value in sorted(read, key=lambda one: one[0] is not None):
        for each in image_models if model is None else (model,):
            asked[each] = _set(asked.get(each, ImageParameters()), name, value)
    return asked


def suggest_naming(
    error: InputError, given: Sequence[str], able: Callable[[], Sequence[str]]
) -> InputError:
    """Add to what one model lacks how to ask it of those that don't.

    Args:
        error: why the request can't be carried out as asked.
        given: the parameters as they were typed, each well written.
        able: returns the ids of those chosen models that take what is asked of them.

    Returns:
        The error with a further sentence, where a parameter was asked of every model and some take it;
        else as it was.
    """
    asked = {name: value for model, name, value in map(_read_parameter, given) if model is None}
    if error.field not in asked:
        return error
    named = [f"{model}:{error.field}={asked[error.field]}" for model in able()]
    if not named:
        return error
    advice = f" To ask it of one model only, write {' or '.join(named)}."
    return InputError(error.field, error.message + advice)


def _read_parameter(given: str) -> tuple[str | None, str, str]:
    """Return the model, if one is named, the name and the value."""
    told, equals, value = given.partition("=")
    # Other servers' names for models hold colons themselves, like `qwen3:8b`.
    model, colon, name = told.rpartition(":")
    if not equals or not value:
        raise InputError(
            "parameters",
            f"The parameter {excerpt(given)} has no value. Write it like quality=high, or"
            " MODEL:quality=high for one model.",
        )
    if name not in PARAMETERS:
        nearest = difflib.get_close_matches(name[:EXCERPT_CHARS], PARAMETERS, n=1)
        guess = f" Did you mean {nearest[0]!r}?" if nearest else ""
        raise InputError(
            "parameters",
            f"There is no parameter {excerpt(name)}.{guess} There are {', '.join(PARAMETERS)}.",
        )
    return (model if colon else None), name, value


def _set(asked: ImageParameters, name: str, value: str) -> ImageParameters:
    if name != _COMPRESSION:
        # Every other parameter is a text.
        return replace(asked, **{name: value})  # type: ignore[arg-type]
    if not _WHOLE_NUMBER.fullmatch(value):
        raise InputError(
            _COMPRESSION,
            f"The compression {excerpt(value)} can't be used. Give a whole number from 0 to 100.",
        )
    return replace(asked, output_compression=int(value))


def read_stage_texts(given: Sequence[str]) -> dict[Stage, str]:
    """Read what stages are told instead of the shipped texts.

    Args:
        given: each ``STAGE=FILE``, the file in UTF-8; of two for the same stage the last holds.

    Returns:
        Stage → the text, which is yet to be checked.

    Raises:
        InputError: one is not written like that, or its file can't be used.
    """
    return dict(map(_read_stage_text, given))


def _read_stage_text(given: str) -> tuple[Stage, str]:
    name, equals, path = given.partition("=")
    if name not in tuple(Stage) or not equals or not path:
        raise InputError(
            "instructions",
            f"The instructions {excerpt(given)} can't be used. Write STAGE=FILE; the stages are"
            f" {', '.join(Stage)}.",
        )
    return Stage(name), _read_text(path)


def _read_text(path: str) -> str:
    advice = f"Give the path of a text of at most {MAX_INSTRUCTION_CHARS:,} characters in UTF-8."
    try:
        if not stat.S_ISREG(Path(path).stat().st_mode):
            raise InputError("instructions", f"The instructions {path!r} are no file. {advice}")
        with Path(path).open("rb") as file:
            # No character takes more than four bytes; the whole length of what is longer is not told.
            data = file.read(4 * MAX_INSTRUCTION_CHARS + 1)
        if len(data) <= 4 * MAX_INSTRUCTION_CHARS:
            return data.decode("utf-8-sig")
        why = "are too long"
    except OSError as error:
        why = f"can't be read ({error.strerror})"
    except UnicodeDecodeError:
        why = "are no text in UTF-8"
    raise InputError("instructions", f"The instructions {path!r} {why}. {advice}")


def read_references(paths: Sequence[str]) -> tuple[Reference, ...]:
    """Read pictures that go along with a request.

    Args:
        paths: of files, as they were typed; at most 8.

    Returns:
        The pictures, fit to be sent, in order; one that comes twice is there once.

    Raises:
        InputError: they are too many, or some can't be used; it says of each why.
    """
    if len(paths) > MAX_REFERENCES:
        raise InputError(
            FIELD,
            f"{count(len(paths), 'reference image')} are given, and at most {MAX_REFERENCES} can go"
            f" along. Leave {len(paths) - MAX_REFERENCES} of them out.",
        )
    found: dict[Reference, None] = {}
    faults: list[str] = []
    for path in paths:
        try:
            found[prepare_reference(_read_file(path), name=Path(path).name)] = None
        except InputError as error:
            faults.append(error.message)
    if faults:
        raise InputError(FIELD, "\n".join(faults))
    return tuple(found)


def _read_file(path: str) -> bytes:
    """Read a file of bearable size; what is no file, such as a pipe, might never end."""
    try:
        found = Path(path).stat()
        if not stat.S_ISREG(found.st_mode):
            raise InputError(FIELD, _refusal(path, "It is no file. Give the path of a picture."))
        if found.st_size > MAX_REFERENCE_BYTES:
            why = f"It has {found.st_size:,} bytes; at most {MAX_REFERENCE_BYTES:,} are accepted."
            raise InputError(FIELD, _refusal(path, why))
        with Path(path).open("rb") as file:
            # One byte more tells a file that has grown since.
            return file.read(MAX_REFERENCE_BYTES + 1)
    except OSError as error:
        why = f"It can't be read ({error.strerror}). Give the path of a picture."
        raise InputError(FIELD, _refusal(path, why)) from error


def _refusal(path: str, why: str) -> str:
    return f"The reference image {path!r} can't be used. {why}"
