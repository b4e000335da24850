"""Everything that can go wrong, as types with fields. Floor 1.

    PromptflowError
    ├── InputError            what was asked for can't be done; the person asking can mend it
    ├── SetupError            this installation can't work; its operator can mend it
    ├── BudgetError           it may cost more than a limit allows; nothing was spent
    ├── ProviderError         a model did not deliver
    │   ├── RefusedError      content policy: a result, recorded, never retried
    │   ├── BusyError         worth another try, after `retry_after_s`
    │   ├── RejectedError     our request was wrong; the same request fails again
    │   └── ReplyError        the answer can't be used
    ├── PictureError          bytes that should be a picture are not a usable one
    ├── StorageError          a picture could not be written or read
    │   └── BucketError       by the bucket; it says whether another try can help
    ├── LedgerError           a record could not be written or read
    │   ├── UnknownGenerationError
    │   └── DeletedGenerationError
    └── InternalError         a mistake of our own

Every message is one or two sentences: what failed, for which value, what was expected, what to do.
"""

from datetime import datetime


class PromptflowError(Exception):
    """The root of our own errors: its text is fit to be shown.

    Args:
        message: one or two sentences, without secrets.
    """

    code = "error"

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message
        """What failed, for which value, what was expected and what to do."""


class InputError(PromptflowError):
    """What was asked for can't be done as asked.

    Args:
        field: the name of the form field or option, e.g. ``request``.
        message: what is wrong with it and what is accepted.
    """

    code = "bad_input"

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


class SetupError(PromptflowError):
    """This installation can't work until its operator changes something."""

    code = "setup"


class BudgetError(PromptflowError):
    """What was asked for may cost more than a limit allows; nothing was started, nothing spent.

    Args:
        message: which limit, by how much it is over, and what to do.
        hint: the same in a few words, for those who can still choose otherwise.
        over_micro_usd: by how much, in micro-dollars; ``None`` where nobody can say.
    """

    code = "over_budget"

    def __init__(self, message: str, *, hint: str, over_micro_usd: int | None = None) -> None:
        super().__init__(message)
        self.hint = hint
        self.over_micro_usd = over_micro_usd


class ProviderError(PromptflowError):
    """A model did not deliver.

    Args:
        message: what failed and what to do.
        provider: the provider's name, e.g. ``offline``.
        model: the model's id in the catalogue.
        status: the HTTP status, where there was one.
        request_id: the provider's own id of the call, where it gave one.
        sent: whether the request may have reached the provider; one that has not costs nothing.
    """

    code = "provider_error"

    def __init__(
        self,
        message: str,
        *,
        provider: str,
        model: str,
        status: int | None = None,
        request_id: str | None = None,
        sent: bool = True,
    ) -> None:
        super().__init__(message)
        self.provider = provider
        self.model = model
        self.status = status
        self.request_id = request_id
        self.sent = sent
        self.settled = True
        """Whether it stands for itself alone: not where another call made beside it may be billed."""
        self.told = False
        """Whether what the call is billed for was told before."""
        self.heard = False
        """Whether something had come of this very call, such as a preview."""

    @property
    def turned_down(self) -> bool:
        """Whether the call was never made, or answered with nothing but an error: it is not billed."""
        return not self.heard and (not self.sent or self.status is not None)


class RefusedError(ProviderError):
    """A safety system said no: a result, recorded and never retried.

    Args:
        message: what was refused and what to change.
        provider: the provider's name.
        model: the model's id.
        category: the provider's own word for the reason.
        status: the HTTP status, where there was one.
        request_id: the provider's own id of the call, where it gave one.
    """

    code = "refused"

    def __init__(
        self,
        message: str,
        *,
        provider: str,
        model: str,
        category: str,
        status: int | None = None,
        request_id: str | None = None,
    ) -> None:
        super().__init__(
            message, provider=provider, model=model, status=status, request_id=request_id
        )
        self.category = category


class BusyError(ProviderError):
    """The model can't answer just now; the same request may work later.

    Args:
        message: what happened and what to do.
        provider: the provider's name.
        model: the model's id.
        retry_after_s: seconds the provider asked us to wait, where it said.
        max_attempts: calls in all that this failure is worth, where it is fewer than usual: one
            that may have been billed must not be repeated without end.
        status: the HTTP status, where there was one.
        request_id: the provider's own id of the call, where it gave one.
        sent: whether the request may have reached the provider; one that has not costs nothing.
    """

    code = "busy"

    def __init__(
        self,
        message: str,
        *,
        provider: str,
        model: str,
        retry_after_s: float | None = None,
        max_attempts: int | None = None,
        status: int | None = None,
        request_id: str | None = None,
        sent: bool = True,
    ) -> None:
        super().__init__(
            message,
            provider=provider,
            model=model,
            status=status,
            request_id=request_id,
            sent=sent,
        )
        self.retry_after_s = retry_after_s
        self.max_attempts = max_attempts


class RejectedError(ProviderError):
    """Our request was wrong; the same request would fail again."""

    code = "rejected"

    @property
    def turned_down(self) -> bool:
        """Whether the call was not billed: a request that is wrong is not carried out."""
        return not self.heard


class ReplyError(ProviderError):
    """The model answered, but not with something that can be used."""

    code = "bad_reply"


class PictureError(PromptflowError):
    """Bytes that should be a picture are not a usable one; nothing of them is stored."""

    code = "bad_picture"


class StorageError(PromptflowError):
    """A picture could not be written or read."""

    code = "storage"


class BucketError(StorageError):
    """The bucket did not take, give or find something.

    Args:
        message: what failed and what to do.
        reason: our word for the kind, e.g. ``bad_key``, ``busy``, ``unreachable``.
        passing: whether the same call may work later without anybody doing anything.
        status: the HTTP status, where there was one.
        retry_after_s: seconds the server asked us to wait, where it said.
    """

    code = "bucket"

    def __init__(
        self,
        message: str,
        *,
        reason: str,
        passing: bool = False,
        status: int | None = None,
        retry_after_s: float | None = None,
    ) -> None:
        super().__init__(message)
        self.reason = reason
        self.passing = passing
        self.status = status
        self.retry_after_s = retry_after_s

    @property
    def is_general(self) -> bool:
        """Whether it would meet the next object as well."""
        return self.reason not in {"missing", "too_large", "changed", "differs"}


class LedgerError(PromptflowError):
    """A record could not be written or read."""

    code = "ledger"


class InternalError(PromptflowError):
    """A mistake of our own, met while a model was at work; the log has its traceback."""

    code = "internal"


class BusyGenerationError(LedgerError):
    """Something was asked of a generation that is still being worked on."""

    code = "generation_running"

    def __init__(self) -> None:
        super().__init__(
            "This generation is still being worked on, here or in another tab. Wait until it is done, or "
            "cancel it; nothing was started, nothing spent."
        )


class UnknownGenerationError(LedgerError):
    """No generation has this id."""

    code = "unknown_generation"
    advice = "Check the address, or choose one from the list of earlier generations."
    """How the message ends; where there is neither address nor list, something else is said."""


class DeletedGenerationError(LedgerError):
    """A generation was deleted.

    Args:
        message: when, and what to do.
        deleted_at: when; aware, in UTC.
        is_purged: whether nothing is left that could be brought back.
    """

    code = "deleted_generation"

    def __init__(self, message: str, *, deleted_at: datetime, is_purged: bool) -> None:
        super().__init__(message)
        self.deleted_at = deleted_at
        self.is_purged = is_purged
