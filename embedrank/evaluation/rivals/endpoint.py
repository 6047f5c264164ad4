"""Requests to an endpoint by the official OpenAI client: it waits and asks again; what still fails is one line.

The client repeats what may pass (408, 409, 429, 5xx, lost connections) after Retry-After or a growing wait.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, TypeVar

from embedrank.core.errors import EndpointError
from embedrank.core.packages import require_packages

T = TypeVar("T")

MAX_RETRIES: Final = 6
TIMEOUT_S: Final = 120.0
_NO_KEY: Final = "none"  # local servers want none, and the client insists on one
_DETAIL_CHARS: Final = 300


class Endpoint:
    """One base URL; threads may share it."""

    def __init__(self, url: str, *, key: str | None = None, max_retries: int = MAX_RETRIES) -> None:
        """Prepare; nothing is sent yet.

        Args:
            url: Base URL, such as `http://localhost:8000/v1`.
            key: API key; None for endpoints that want none.
            max_retries: Times that a request is sent again.

        Raises:
            MissingPackageError: If the client is not installed.
        """
        require_packages(f"the endpoint {url}", "openai", extra="rivals")
        import openai

        self.url = url
        self.client = openai.OpenAI(
            api_key=key or _NO_KEY, base_url=url, max_retries=max_retries, timeout=openai.Timeout(TIMEOUT_S, connect=10)
        )

    def ask(self, send: Callable[[], T]) -> T:
        """Send a request.

        Args:
            send: Sends it by the client.

        Returns:
            Its answer.

        Raises:
            EndpointError: If there is none, or it is no answer of such an endpoint.
        """
        import openai

        try:
            return send()
        except openai.APIStatusError as error:
            hint = "see to the key" if error.status_code in {401, 403} else ""
            raise EndpointError(self.url, f"{error.status_code}: {_short(error)}", hint=hint) from error
        except openai.APITimeoutError as error:
            raise EndpointError(self.url, f"no answer within {TIMEOUT_S:g} s") from error
        except openai.APIConnectionError as error:
            problem = f"no connection: {_short(error.__cause__ or error)}"
            raise EndpointError(self.url, problem, hint="is it running?") from error
        except (openai.OpenAIError, ValueError, TypeError, AttributeError, KeyError) as error:  # replies of no sense
            raise EndpointError(self.url, f"the reply cannot be read: {_short(error)}") from error

    def post_json(self, path: str, body: dict[str, Any]) -> Any:
        """Post an object and read the answer as JSON.

        Args:
            path: Behind the base URL.
            body: The object.

        Returns:
            The answer.

        Raises:
            EndpointError: As `ask`.
        """
        import httpx

        return self.ask(lambda: self.client.post(path, cast_to=httpx.Response, body=body).json())


def _short(error: BaseException) -> str:
    words = " ".join(str(error).split()) or type(error).__name__
    return words if len(words) <= _DETAIL_CHARS else words[: _DETAIL_CHARS - 3] + "..."
