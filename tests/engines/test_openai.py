"""A team's own server speaks for the prospect; when it can't, the rep reads why."""

from __future__ import annotations

import json
import math
import threading
import time
from collections.abc import Iterator, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from trainer.engines import Cancellation, Message, Prompt, Sampling
from trainer.engines.openai_engine import OpenAIEngine
from trainer.errors import EngineFailed

PROMPT = Prompt([Message("system", "You are Dana."), Message("user", "Is now a good moment?")])


class Server:
    """A chat server on the loopback whose next answer a test decides."""

    def __init__(self) -> None:
        self.requests: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self.status = 200
        self.lines: list[bytes | float] = []
        self.models: bytes = b'{"data": [{"id": "team-model"}]}'
        self.promised: int | None = None
        self.hung_up = threading.Event()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def log_message(self, format: str, *args: object) -> None:
                """Say nothing on the test's stderr."""

            def do_GET(self) -> None:
                self._answer([outer.models])

            def do_POST(self) -> None:
                size = int(self.headers["Content-Length"])
                outer.requests.append(json.loads(self.rfile.read(size)))
                outer.headers.append(dict(self.headers))
                self._answer(outer.lines)

            def _answer(self, lines: Sequence[bytes | float]) -> None:
                self.send_response(outer.status)
                if outer.promised:
                    self.send_header("Content-Length", str(outer.promised))
                self.end_headers()
                try:
                    for line in lines:
                        if isinstance(line, float):
                            time.sleep(line)
                        else:
                            self.wfile.write(line + b"\n")
                            self.wfile.flush()
                except OSError:
                    outer.hung_up.set()

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._http.server_port}/v1"
        threading.Thread(target=self._http.serve_forever, daemon=True).start()

    def says(self, *pieces: str) -> None:
        self.lines = [*map(data, pieces), b"data: [DONE]"]

    def close(self) -> None:
        self._http.shutdown()
        self._http.server_close()


def data(piece: str) -> bytes:
    return b"data: " + json.dumps({"choices": [{"delta": {"content": piece}}]}).encode()


@pytest.fixture
def server() -> Iterator[Server]:
    one = Server()
    yield one
    one.close()


def said(engine: OpenAIEngine, sampling: Sampling | None = None) -> str:
    return "".join(engine.stream(PROMPT, sampling or Sampling()))


def test_the_first_model_of_the_server_is_taken_and_its_words_stream(server: Server) -> None:
    engine = OpenAIEngine(server.url)
    server.says("I have", " five", " minutes.")
    assert engine.name == "team-model"
    assert list(engine.stream(PROMPT, Sampling(seed=7))) == ["I have", " five", " minutes."]
    request = server.requests[0]
    assert request["messages"][0] == {"role": "system", "content": "You are Dana."}
    assert (request["model"], request["seed"], request["stream"]) == ("team-model", 7, True)


def test_a_key_is_sent_and_none_is_made_up(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    server.says("Yes.")
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    said(OpenAIEngine(server.url, "m"))
    monkeypatch.setenv("OPENAI_API_KEY", "k-1")
    said(OpenAIEngine(server.url, "m"))
    assert "Authorization" not in server.headers[0]
    assert server.headers[1]["Authorization"] == "Bearer k-1"


def test_a_proxy_is_not_asked_for_this_machine(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    server.says("Yes.")
    assert said(OpenAIEngine(server.url, "m")) == "Yes."


def test_an_answer_ends_at_the_stop_though_the_server_goes_on(server: Server) -> None:
    server.says("\n", "No", ".\nRep", ": Let me", " explain")
    assert said(OpenAIEngine(server.url, "m")) == "No."


def test_each_of_several_answers_is_asked_for_with_its_own_seed(server: Server) -> None:
    server.says("I have", " no time.")
    drawn = OpenAIEngine(server.url, "m").draw(PROMPT, Sampling(seed=2), 2)
    assert drawn == ["I have no time."] * 2
    assert server.requests[0]["seed"] != server.requests[1]["seed"]


def test_noise_in_the_stream_is_passed_over(server: Server) -> None:
    server.lines = [
        b": keep-alive",
        b"",
        b"event: message",
        b"data: {broken",
        b"data: 17",
        b'data: {"choices": []}',
        b'data: {"choices": [{"delta": {"role": "assistant"}}]}',
        b'data: {"choices": [{"delta": {"content": null}}]}',
        data("Still"),
        b"\xff\xfe",
        data(" here."),
    ]
    assert said(OpenAIEngine(server.url, "m")) == "Still here."


def test_a_server_that_is_not_there_is_named(server: Server) -> None:
    server.close()
    with pytest.raises(EngineFailed, match=r"no server answers at http://127.*--base-url") as error:
        OpenAIEngine(server.url)
    assert error.value.exit_code == 3


@pytest.mark.parametrize(
    ("status", "advice"), [(401, "OPENAI_API_KEY"), (404, "/v1"), (429, "wait"), (500, "own log")]
)
def test_a_refusal_says_what_to_check(server: Server, status: int, advice: str) -> None:
    engine = OpenAIEngine(server.url, "m")
    server.status, server.lines = status, [b"no such thing"]
    with pytest.raises(EngineFailed, match=f"{status}.*no such thing.*{advice}"):
        said(engine)


@pytest.mark.parametrize("models", [b"<html>", b"{}", b'{"data": []}', b"[]"])
def test_a_server_that_lists_no_models_asks_for_a_name(server: Server, models: bytes) -> None:
    server.models = models
    with pytest.raises(EngineFailed, match="--model"):
        OpenAIEngine(server.url)


def test_a_stream_that_breaks_off_keeps_what_was_said_and_fails(server: Server) -> None:
    server.lines, server.promised = [data("I was saying")], 5000
    pieces = OpenAIEngine(server.url, "m").stream(PROMPT, Sampling())
    assert next(pieces) == "I was saying"
    with pytest.raises(EngineFailed, match="broke"):
        next(pieces)


def test_an_error_inside_the_stream_is_told(server: Server) -> None:
    server.lines = [b'data: {"error": {"message": "out of memory"}}']
    with pytest.raises(EngineFailed, match="out of memory"):
        said(OpenAIEngine(server.url, "m"))


def test_an_answer_without_words_is_an_error(server: Server) -> None:
    server.lines = [b"<html>welcome</html>"]
    with pytest.raises(EngineFailed, match="without any words"):
        said(OpenAIEngine(server.url, "m"))


def test_a_silent_server_is_not_waited_for_for_ever(server: Server) -> None:
    server.lines = [2.0]
    with pytest.raises(EngineFailed, match="silent too long"):
        said(OpenAIEngine(server.url, "m", silence=0.2))


def test_hanging_up_stops_a_server_in_mid_sentence(server: Server) -> None:
    server.lines = [data("Well")]
    for _ in range(500):
        server.lines += [0.02, data(" and")]
    cancellation = Cancellation()
    heard = []
    for piece in OpenAIEngine(server.url, "m").stream(PROMPT, Sampling(), cancellation):
        heard.append(piece)
        cancellation.cancel()
    assert heard == ["Well"]
    assert server.hung_up.wait(5)


def test_hanging_up_does_not_wait_for_a_server_that_is_thinking(server: Server) -> None:
    server.lines = [data("Well"), 8.0]
    cancellation = Cancellation()
    pieces = OpenAIEngine(server.url, "m").stream(PROMPT, Sampling(), cancellation)
    assert next(pieces) == "Well"
    threading.Timer(0.2, cancellation.cancel).start()
    begun = time.monotonic()
    assert list(pieces) == []
    assert time.monotonic() - begun < 4


@pytest.mark.parametrize("address", ["localhost:8080", "ftp://host/v1", "", "http://"])
def test_an_address_that_is_none_is_refused(address: str) -> None:
    with pytest.raises(EngineFailed, match="no server address"):
        OpenAIEngine(address, "m")


# -- choosing ---------------------------------------------------------------------------------

YES_OR_NO = (("Yes", "yes"), ("No", "no"))


def likeliest(**chances: float) -> dict[str, Any]:
    """The log-probabilities of the first token, as these servers tell them."""
    told = [{"token": name, "logprob": math.log(p)} for name, p in chances.items()]
    return {"content": [{"token": told[0]["token"], "logprob": told[0]["logprob"],
                         "top_logprobs": told}]}  # fmt: skip


def answers(server: Server, logprobs: object, content: str = "Yes") -> None:
    choice = {"message": {"role": "assistant", "content": content}, "logprobs": logprobs}
    server.lines = [json.dumps({"choices": [choice]}).encode()]


def test_choosing_sums_every_spelling_of_the_next_token(server: Server) -> None:
    answers(server, likeliest(**{"Yes": 0.5, " yes": 0.2, "No": 0.1, "Yesterday": 0.15}))
    chances = OpenAIEngine(server.url, "m").choose(PROMPT, YES_OR_NO)
    assert chances is not None
    assert chances == pytest.approx([0.7, 0.1])
    request = server.requests[0]
    assert (request["max_tokens"], request["temperature"], request["stream"]) == (1, 0, False)
    assert (request["logprobs"], request["top_logprobs"]) == (True, 20)


@pytest.mark.parametrize(
    "logprobs",
    [None, {}, {"content": None}, {"content": []}, {"content": [{"token": "Yes"}]}, "Yes",
     {"content": [{"token": "Yes", "logprob": None, "top_logprobs": []}]}],
)  # fmt: skip
def test_without_probabilities_its_words_are_not_read_in_their_place(
    server: Server, logprobs: object
) -> None:
    answers(server, logprobs, content="Yes, they certainly did.")
    assert OpenAIEngine(server.url, "m").choose(PROMPT, YES_OR_NO) is None
    server.lines = [b"<html>Yes</html>"]
    assert OpenAIEngine(server.url, "m").choose(PROMPT, YES_OR_NO) is None


def test_an_answer_that_is_not_among_the_likeliest_has_no_chance(server: Server) -> None:
    answers(server, likeliest(**{"<think>": 0.98, "Well": 0.02}))
    assert OpenAIEngine(server.url, "m").choose(PROMPT, YES_OR_NO) == [0.0, 0.0]


def test_a_prompt_that_the_server_can_not_take_in_is_an_error_with_its_words(
    server: Server,
) -> None:
    engine = OpenAIEngine(server.url, "m")
    server.status, server.lines = 400, [b"maximum context length is 4096 tokens"]
    with pytest.raises(EngineFailed, match=r"400.*context length"):
        engine.choose(PROMPT, YES_OR_NO)
    server.close()
    with pytest.raises(EngineFailed):
        engine.choose(PROMPT, YES_OR_NO)
