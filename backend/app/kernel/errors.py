"""The one family of errors that a caller may see. The text is English and the message id of its translation."""

from collections.abc import Mapping


class AppError(Exception):
    """An answer with `status`, a machine word `code`, and a sentence with `{placeholders}` filled from `params`."""

    def __init__(
        self, status: int, code: str, text: str, *, headers: Mapping[str, str] | None = None, **params: object
    ) -> None:
        super().__init__(text.format(**params) if params else text)
        self.status = status
        self.code = code
        self.text = text
        self.params = params
        self.headers = dict(headers or {})


class Invalid(AppError):
    """400: understood, and against a rule."""

    def __init__(self, code: str, text: str, **params: object) -> None:
        super().__init__(400, code, text, headers=None, **params)


class Unauthorized(AppError):
    """401: we do not know who asks."""

    def __init__(self, code: str = "not_authenticated", text: str = "Please sign in.", **params: object) -> None:
        super().__init__(401, code, text, headers={"WWW-Authenticate": "Bearer"}, **params)


class Forbidden(AppError):
    """403: you may see it, but not do this."""

    def __init__(self, code: str = "forbidden", text: str = "You may not do this.", **params: object) -> None:
        super().__init__(403, code, text, headers=None, **params)


class NotFound(AppError):
    """404: it does not exist, or you may not see it; nobody learns which."""

    def __init__(self, code: str = "not_found", text: str = "There is nothing here.", **params: object) -> None:
        super().__init__(404, code, text, headers=None, **params)


class Conflict(AppError):
    """409: somebody or something else was first."""

    def __init__(self, code: str, text: str, **params: object) -> None:
        super().__init__(409, code, text, headers=None, **params)


class TooMany(AppError):
    """429, with the seconds after which to try again."""

    def __init__(self, retry_after: int) -> None:
        super().__init__(
            429,
            "too_many_requests",
            "Too many tries. Please wait {seconds} s.",
            headers={"Retry-After": str(retry_after)},
            seconds=retry_after,
        )


def read_only() -> Forbidden:
    """The answer to every admin who tries to write in a conversation, or about it."""
    return Forbidden("read_only", "Admins read conversations and write in none.")
