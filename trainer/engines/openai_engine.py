"""Any server that speaks the OpenAI chat interface: vLLM, Ollama, llama-server and their like.

Nothing is sent anywhere unless the user chose this engine and its address.
"""

from __future__ import annotations

import ipaddress
import json
import math
import os
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any
from urllib.parse import urlsplit

import httpx

from trainer.engines.answer_text import PiecedText
from trainer.engines.base import Cancellation, Prompt, Sampling
from trainer.errors import EngineFailed

DEFAULT_BASE_URL = "http://127.0.0.1:8080/v1"
"""Where llama-server listens unless told otherwise."""

CONNECT_SECONDS = 5.0
SILENCE_SECONDS = 60.0
"""How long the server may say nothing: a large model on a slow machine reads for a while."""

_CANCEL_CHECK = 0.05
_MAX_LINE = 1 << 20
_LIKELIEST = 20  # as many tokens as these servers tell the probabilities of


class OpenAIEngine:
    """Words from a server at ``base_url``; its first model unless one is named."""

    def __init__(
        self,
        base_url: str = DEFAULT_BASE_URL,
        model: str | None = None,
        *,
        api_key: str | None = None,
        silence: float = SILENCE_SECONDS,
    ) -> None:
        """``api_key``: sent as a bearer token; the environment's OPENAI_API_KEY where None.

        Raises ``EngineFailed`` when the address can't be one, when no server answers there, or,
        with no model named, when it can't be asked for its models.
        """
        parts = urlsplit(base_url)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise EngineFailed(
                f"{base_url!r} is no server address; it should look like {DEFAULT_BASE_URL}"
            )
        self._base_url = base_url.rstrip("/")
        key = api_key or os.environ.get("OPENAI_API_KEY")
        self._client = httpx.Client(
            base_url=self._base_url,
            headers={"Authorization": f"Bearer {key}"} if key else {},
            timeout=httpx.Timeout(silence, connect=CONNECT_SECONDS),
            trust_env=not _is_loopback(parts.hostname),  # a proxy can't reach this machine's own
        )
        self._model = model or self._first_model()
        if model:
            self._knock()

    @property
    def name(self) -> str:
        """The server's name for the model."""
        return self._model

    @property
    def sampling(self) -> Sampling:
        """Left to the server but for length."""
        return Sampling(repetition_penalty=1.0)

    def stream(
        self, prompt: Prompt, sampling: Sampling, cancellation: Cancellation | None = None
    ) -> Iterator[str]:
        """Pieces as the server sends them; see ``Engine.stream``."""
        stopping = cancellation or Cancellation()
        if stopping.cancelled:
            return
        text = PiecedText(sampling)
        with self._failing_plainly(stopping), self._open(prompt, sampling, stopping) as response:
            for piece in _pieces(response):
                if stopping.cancelled:
                    return
                if new := text.add(piece):
                    yield new
                if text.done:
                    return
        if stopping.cancelled:
            return
        if not text.heard:
            raise EngineFailed(
                f"{self._base_url} answered without any words (model {self._model!r}); check that "
                "the address ends in /v1 and that the model is a chat model"
            )
        if rest := text.finish():
            yield rest

    def draw(
        self,
        prompt: Prompt,
        sampling: Sampling,
        n: int,
        cancellation: Cancellation | None = None,
    ) -> list[str]:
        """One answer after another: many servers ignore a request for several at once."""
        from dataclasses import replace

        drawn: list[str] = []
        for row in range(n):
            own = replace(sampling, seed=sampling.seed * 1_000 + row)
            line = "".join(self.stream(prompt, own, cancellation))
            if cancellation and cancellation.cancelled:
                break
            drawn.append(line)
        return drawn

    def choose(self, prompt: Prompt, options: Sequence[Sequence[str]]) -> list[float] | None:
        """From the log-probabilities of one token; see ``Engine.choose``. None where the server
        gives none; an option that is not among the likeliest tokens it tells of has 0."""
        body = self._request(prompt, Sampling(temperature=0, top_p=1, max_tokens=1, stop=()))
        body |= {"stream": False, "logprobs": True, "top_logprobs": _LIKELIEST}
        with self._failing_plainly():
            response = self._client.post("/chat/completions", json=body)
        if response.status_code >= 400:
            raise EngineFailed(self._refusal(response))
        chances = _chances(response)
        if chances is None:
            return None
        words = [{spelling.strip() for spelling in option} for option in options]
        return [
            min(1.0, sum(chance for token, chance in chances.items() if token.strip() in wanted))
            for wanted in words
        ]

    def prefill(self, prompt: Prompt) -> None:
        """Left to the server, which keeps its own cache."""

    def close(self) -> None:
        """Let go of the connection."""
        self._client.close()

    def _request(self, prompt: Prompt, sampling: Sampling) -> dict[str, Any]:
        messages = [{"role": one.role, "content": one.content} for one in prompt.messages]
        return {
            "model": self._model,
            "messages": messages,
            "stream": True,
            "temperature": sampling.temperature,
            "top_p": sampling.top_p,
            "max_tokens": sampling.max_tokens,
            "seed": sampling.seed,
            "stop": list(sampling.stop) or None,
        }

    @contextmanager
    def _open(
        self, prompt: Prompt, sampling: Sampling, stopping: Cancellation
    ) -> Iterator[httpx.Response]:
        """The open answer, closed from a second thread when cancelled while it is silent."""
        body = self._request(prompt, sampling)
        over = threading.Event()
        with self._client.stream("POST", "/chat/completions", json=body) as response:
            if response.status_code >= 400:
                response.read()
                raise EngineFailed(self._refusal(response))
            watch = threading.Thread(
                target=_close_when_cancelled, args=(response, stopping, over), daemon=True
            )
            watch.start()
            try:
                yield response
            finally:
                over.set()
                watch.join()

    @contextmanager
    def _failing_plainly(self, stopping: Cancellation | None = None) -> Iterator[None]:
        try:
            yield
        except (httpx.ConnectError, httpx.ConnectTimeout) as error:
            raise EngineFailed(
                f"no server answers at {self._base_url} ({error}); start it, or correct --base-url"
            ) from error
        except httpx.TimeoutException as error:
            raise EngineFailed(
                f"the server at {self._base_url} was silent too long; it may still be loading "
                f"its model, or the model {getattr(self, '_model', '')!r} is too large for it"
            ) from error
        except (httpx.HTTPError, httpx.StreamError, httpx.InvalidURL, OSError) as error:
            if stopping and stopping.cancelled:
                return
            raise EngineFailed(
                f"the connection to {self._base_url} broke ({type(error).__name__}: {error}); "
                "look at the server's own log, then try again"
            ) from error

    def _refusal(self, response: httpx.Response) -> str:
        said = _said(response)
        hint = {
            401: "check the key in OPENAI_API_KEY",
            403: "check the key in OPENAI_API_KEY",
            404: f"check that the address ends in /v1 and that it serves {self._model!r}",
            429: "the server is busy or the account has no allowance left; wait a little",
        }.get(response.status_code, "look at the server's own log")
        return f"{self._base_url} refused ({response.status_code}{said}); {hint}"

    def _knock(self) -> None:
        """Learn now, not in the middle of a call, that nobody is there. Any answer will do, a
        broken one too, and a server that is busy loading may keep silent."""
        with self._failing_plainly():
            try:
                self._client.get("/models", timeout=CONNECT_SECONDS)
            except (httpx.ConnectError, httpx.ConnectTimeout):
                raise
            except httpx.HTTPError:
                pass

    def _first_model(self) -> str:
        self._model = ""
        with self._failing_plainly():
            response = self._client.get("/models")
            if response.status_code >= 400:
                raise EngineFailed(
                    f"{self._base_url}/models answered {response.status_code}{_said(response)}; "
                    "check the address and OPENAI_API_KEY, or name the model with --model"
                )
            try:
                found = response.json()["data"][0]["id"]
            except (ValueError, LookupError, TypeError) as error:
                raise EngineFailed(
                    f"{self._base_url}/models names no model; name it with --model"
                ) from error
        return str(found)


def _pieces(response: httpx.Response) -> Iterator[str]:
    """The words out of a stream of server-sent events; what can't be read is passed over."""
    for line in _lines(response):
        if not line.startswith("data:"):
            continue
        data = line[5:].strip()
        if data == "[DONE]":
            return
        try:
            event = json.loads(data)
        except ValueError:
            continue
        if not isinstance(event, dict):
            continue
        if event.get("error"):
            said = event["error"]
            said = said.get("message", said) if isinstance(said, dict) else said
            raise EngineFailed(f"{response.url} broke off: {str(said)[:300]}")
        try:
            content = event["choices"][0]["delta"].get("content")
        except (LookupError, TypeError, AttributeError):
            continue
        if isinstance(content, str) and content:
            yield content


def _chances(response: httpx.Response) -> dict[str, float] | None:
    """The probabilities of the likeliest first tokens; None where the answer holds none."""
    try:
        first = response.json()["choices"][0]["logprobs"]["content"][0]
        told = {one["token"]: one["logprob"] for one in [first, *first["top_logprobs"]]}
        chances = {str(token): math.exp(min(0.0, float(told[token]))) for token in told}
    except (ValueError, LookupError, TypeError):
        return None
    return {token: chance for token, chance in chances.items() if math.isfinite(chance)}


def _lines(response: httpx.Response) -> Iterator[str]:
    """Lines of the stream; one that never ends is an error, not a full memory."""
    held = b""
    for block in response.iter_bytes():
        *lines, held = (held + block).split(b"\n")
        yield from (line.decode("utf-8", "replace").strip() for line in lines)
        if len(held) > _MAX_LINE:
            raise EngineFailed(f"{response.url} sends a line without an end; is it a chat server?")
    if held:
        yield held.decode("utf-8", "replace").strip()


def _close_when_cancelled(
    response: httpx.Response, stopping: Cancellation, over: threading.Event
) -> None:
    while not over.wait(_CANCEL_CHECK):
        if stopping.cancelled:
            _shut(response)
            return


def _shut(response: httpx.Response) -> None:
    """Wake a reader that waits on a silent server: shutting the socket ends its wait."""
    import socket

    stream = response.extensions.get("network_stream")
    sock = stream.get_extra_info("socket") if stream is not None else None
    if sock is None:
        return
    with suppress(OSError):  # it may have closed by itself meanwhile
        sock.shutdown(socket.SHUT_RDWR)


def _said(response: httpx.Response) -> str:
    text = response.text.strip().splitlines()
    return f": {text[0][:200]}" if text else ""


def _is_loopback(host: str) -> bool:
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
