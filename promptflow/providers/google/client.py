"""How Google is reached: the one client, its time limits, and the way every call goes."""

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from promptflow.errors import SetupError
from promptflow.providers.google.faults import foreign_errors, to_ours

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
    *, api_key: str, base_url: str | None, connect_s: float = CONNECT_S
) -> "genai.Client":
    """Make the client that all models of a process share.

    It makes every call once, follows no redirect (the key would go along), and closes its
    connections when it is thrown away: keep a reference while a call runs.

    Args:
        api_key: the key, as it was set; outer whitespace goes.
        base_url: another server that speaks this API; ``None`` for Google's own.
        connect_s: seconds to wait for a connection.

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
        api_key=_check_key(api_key),
        http_options=types.HttpOptions(
            base_url=base_url,
            timeout=_to_ms(_ANY_CALL_S),
            client_args={
                "event_hooks": {"request": [partial(_limit_connecting, connect_s)]},
                "follow_redirects": False,
            },
        ),
    )


def ask(
    call: Callable[[], _Result], *, client: "genai.Client", model: str, silence_s: float
) -> _Result:
    """Let the SDK do something, and raise its errors as ours.

    Args:
        call: what to do; nothing of ours beside the SDK.
        client: the client it uses.
        model: the model's id.
        silence_s: the silence the call bears, for the message.

    Returns:
        What the call returns.

    Raises:
        ProviderError: the SDK raised one of its errors.
    """
    try:
        return call()
    except foreign_errors() as error:
        key = read_key(client)
        ours = to_ours(error, model=model, key=key, silence_s=silence_s)
        # A server may say the key back; then nothing may hang on our error that holds what it said.
        cause = None if _holds(error, key) else error
    # Outside of the block above, so that without a cause there is no trace of it at all.
    raise ours from cause


def read_key(client: "genai.Client") -> str:
    """Return the key a client asks with, so that nothing that is said holds it."""
    return client._api_client.api_key or ""


def limit_silence(silence_s: float) -> "types.HttpOptions":
    """Return the options of a call that ends when the server is silent for so long.

    Args:
        silence_s: seconds, before the first byte and between two.
    """
    from google.genai import types

    # The SDK would hand the limit on silence to the server as the time for the whole answer.
    whole_s = max(_WHOLE_ANSWER_S, round(silence_s))
    return types.HttpOptions(timeout=_to_ms(silence_s), headers={"X-Server-Timeout": str(whole_s)})


def _check_key(api_key: str) -> str:
    """Return a key that fits into a header: an error about one that does not would hold the key."""
    key = api_key.strip()
    if not key or not all("!" <= sign <= "~" for sign in key):
        message = (
            "The key for Google's models is empty or holds a sign that no key has. Copy it anew from"
            " https://aistudio.google.com/api-keys into GOOGLE_AI_API_KEY."
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
