"""How Google is reached: the one client, its time limits, and the way every call goes."""

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from promptflow.errors import SetupError
from promptflow.providers.bounds import bound_answer
from promptflow.providers.google.errors import Call, to_ours
from promptflow.providers.google.words import KEY_VARIABLE

if TYPE_CHECKING:
    import httpx2
    from google import genai
    from google.genai import types

CONNECT_S = 5.0
_ANY_CALL_S = 300.0
"""The silence that any call bears which sets no limit of its own: the SDK's default is for ever."""
_WHOLE_ANSWER_S = 600
"""What Google's servers are told to give a call in all."""

_Result = TypeVar("_Result")


def make_client(
    *,
    api_key: str,
    base_url: str | None,
    connect_s: float = CONNECT_S,
    key_variable: str = KEY_VARIABLE,
) -> "genai.Client":
    """Make the client that all models of a process share.

    It makes every call once, follows no redirect (the key would go along), reads no answer without
    end, and closes its connections when it is thrown away: keep a reference while a call runs.

    Args:
        api_key: the key, as it was set; outer whitespace goes.
        base_url: another server that speaks this API; ``None`` for Google's own.
        connect_s: seconds to wait for a connection.
        key_variable: where the key is set, for messages.

    Returns:
        A client that threads may share. It has not talked to anyone yet.

    Raises:
        SetupError: the key can't be one.
    """
    from google import genai
    from google.genai import types

    return genai.Client(
        # Said outright, because variables of the environment would have a say otherwise.
        enterprise=False,
        api_key=_check_key(api_key, key_variable),
        http_options=types.HttpOptions(
            base_url=base_url,
            timeout=_to_ms(_ANY_CALL_S),
            client_args={
                "event_hooks": {
                    "request": [partial(_limit_connecting, connect_s)],
                    "response": [partial(bound_answer, painting=":generateContent")],
                },
                "follow_redirects": False,
            },
        ),
    )


def address_call(
    client: "genai.Client",
    *,
    model: str,
    silence_s: float,
    title: str = "",
    key_variable: str = KEY_VARIABLE,
    paints: bool = False,
) -> Call:
    """Note what the error messages of a call have to know.

    Args:
        client: the client it goes through.
        model: the model's id.
        silence_s: the silence it bears.
        title: what people call the model; "" for its id.
        key_variable: where the key is set.
        paints: whether it asks for a picture.
    """
    return Call(
        model=model,
        title=title or repr(model),
        silence_s=silence_s,
        paints=paints,
        key=client._api_client.api_key or "",
        key_variable=key_variable,
    )


def ask(act: Callable[[], _Result], call: Call) -> _Result:
    """Let the SDK do something, and raise its errors as ours.

    Args:
        act: what to do; nothing of ours beside the SDK.
        call: the call it is a part of.

    Returns:
        What it returns.

    Raises:
        ProviderError: the SDK raised one of its errors, or of those of what lies below it.
    """
    try:
        return act()
    except Exception as error:
        ours = to_ours(error, call)
        if ours is None:
            raise
        # A server may say the key back; then nothing may hang on our error that holds what it said.
        cause = None if _holds(error, call.key) else error
    # Outside of the block above, so that without a cause there is no trace of it at all.
    raise ours from cause


def limit_silence(silence_s: float) -> "types.HttpOptions":
    """Return the options of a call that ends when the server is silent for so long.

    Args:
        silence_s: seconds, before the first byte and between two.
    """
    from google.genai import types

    # The SDK would hand the limit on silence to the server as the time for the whole answer.
    whole_s = max(_WHOLE_ANSWER_S, round(silence_s))
    return types.HttpOptions(timeout=_to_ms(silence_s), headers={"X-Server-Timeout": str(whole_s)})


def _check_key(api_key: str, key_variable: str) -> str:
    """Return a key that fits into a header: an error about one that does not would hold the key."""
    key = api_key.strip()
    if not key or not all("!" <= sign <= "~" for sign in key):
        message = (
            "The key for Google's models is empty or holds a sign that no key has. Copy it anew from"
            f" https://aistudio.google.com/api-keys into {key_variable}."
        )
        raise SetupError(message)
    return key


def _limit_connecting(connect_s: float, request: "httpx2.Request") -> None:
    """Give connecting a limit of its own: the SDK has one number for everything."""
    limits = request.extensions["timeout"]
    limits["connect"] = connect_s


def _holds(error: BaseException | None, key: str) -> bool:
    """Say whether an error, or one that it came from, has the key in anything that it shows."""
    while error is not None:
        if key in f"{error} {error!r} {vars(error)!r}":
            return True
        error = error.__cause__ or error.__context__
    return False


def _to_ms(seconds: float) -> int:
    # To the SDK, 0 is no limit at all.
    return max(round(seconds * 1000), 1)
