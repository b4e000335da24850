"""What stands for several calls that were made at once and failed. Floor 4, for every adapter."""

from collections.abc import Sequence

from promptflow.errors import BusyError, ProviderError


def speak_for_all(gravest: ProviderError, errors: Sequence[BaseException]) -> None:
    """Let the one error that is raised say what counts for all of them.

    Whether anything was sent, whether one of the others may be billed and did not say for what, the
    longest wait that was asked for, and the fewest attempts.

    Args:
        gravest: the error that will be raised; changed in place.
        errors: of all calls that failed, itself included.
    """
    known = [error for error in errors if isinstance(error, ProviderError)]
    gravest.sent = any(error.sent for error in known)
    gravest.settled = all(
        isinstance(error, ProviderError) and (error.turned_down or error.told)
        for error in errors
        if error is not gravest
    )
    if isinstance(gravest, BusyError):
        busy = [error for error in errors if isinstance(error, BusyError)]
        waits_s = [error.retry_after_s for error in busy if error.retry_after_s is not None]
        bounds = [error.max_attempts for error in busy if error.max_attempts is not None]
        gravest.retry_after_s = max(waits_s, default=None)
        gravest.max_attempts = min(bounds, default=None)
