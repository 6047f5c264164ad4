"""A real HTTP server that speaks chat completions, and misbehaves: on demand, one thing after another, or by rates.

Troubles of an attempt pass when it is asked again: limited, limited_seconds, limited_date, error, hang, reset, garbage.
Faults of an answer belong to the payload and come back each time: cut_json, prose, other_language, wrong_keys,
duplicate, refusal, length, filter, empty. What comes is drawn from a hash, so that two servers do the same.
"""

import argparse
import hashlib
import json
import random
import socket
import struct
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

TROUBLES = ("limited", "limited_seconds", "limited_date", "error", "hang", "reset", "garbage")
FAULTS = (
    "cut_json",
    "prose",
    "other_language",
    "wrong_keys",
    "duplicate",
    "refusal",
    "length",
    "filter",
    "empty",
)


@dataclass
class Behaviour:
    """What goes wrong."""

    troubles: dict = field(default_factory=dict)  # name to rate, for each attempt
    faults: dict = field(default_factory=dict)  # name to rate, for each payload
    script: list = field(default_factory=list)  # troubles or statuses for the next requests, before any rate
    refused_formats: frozenset = frozenset()
    status: int | None = None  # of every reply
    poison: str | None = None  # requests that hold this word break every time
    retry_after_s: float = 0.05
    seed: int = 0
    delay_s: float = 0.0
    write: object = None  # request body to answer text
    key: str | None = None  # without it nobody is answered
    met: object = None  # called with each request's number, before it is answered


@dataclass
class Asked:
    """One request as it came, and when it was answered."""

    came_at: float
    body: dict
    said: str = ""
    left_at: float = 0.0


class MisbehavingServer:
    def __init__(self, port=0, **behaviour):
        self.behaviour = Behaviour(**behaviour)
        self.asked = []
        self.num_in_flight = self.most_in_flight = 0
        self._attempts = {}
        self._lock = threading.Lock()
        self._released = threading.Event()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                outer._handle(self)

            def do_GET(self):
                _reply(self, 200, dict(Counter(outer.said)))

            def log_message(self, *words):
                pass

        class Server(ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 128

            def handle_error(self, request, address):
                pass  # clients go away, and are made to

        self._server = Server(("127.0.0.1", port), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/v1"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._released.set()
        self._server.shutdown()
        self._server.server_close()

    @property
    def said(self):
        return [asked.said for asked in self.asked]

    def _handle(self, handler):
        body = json.loads(handler.rfile.read(int(handler.headers["Content-Length"])))
        asked = Asked(came_at=time.monotonic(), body=body)
        is_known = self.behaviour.key in (None, handler.headers.get("Authorization", "").removeprefix("Bearer "))
        with self._lock:
            self.asked.append(asked)
            self.num_in_flight += 1
            self.most_in_flight = max(self.most_in_flight, self.num_in_flight)
            asked.said = self._choose(body) if is_known else "401"
            if self.behaviour.met:
                self.behaviour.met(len(self.asked))
        try:
            time.sleep(self.behaviour.delay_s)
            self._say(handler, asked)
        finally:
            asked.left_at = time.monotonic()
            with self._lock:
                self.num_in_flight -= 1

    def _choose(self, body):
        """The name of what to say: a status, a trouble, a fault, or `ok`."""
        behaviour = self.behaviour
        if behaviour.script:
            return str(behaviour.script.pop(0))
        if behaviour.status:
            return str(behaviour.status)
        if behaviour.poison and behaviour.poison in json.dumps(body["messages"]):
            return "error"
        if body.get("response_format", {}).get("type") in behaviour.refused_formats:
            return "400"
        payload = payload_of(body)
        attempt = self._attempts[payload] = self._attempts.get(payload, 0) + 1
        trouble = _drawn(behaviour.troubles, f"{behaviour.seed} {payload} {attempt}")
        return trouble or _drawn(behaviour.faults, f"{behaviour.seed} {payload}") or "ok"

    def _say(self, handler, asked):
        said, wait_s = asked.said, self.behaviour.retry_after_s
        if said == "hang":
            self._released.wait(60)
            handler.close_connection = True
        elif said == "reset":
            handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            handler.connection.close()
            handler.close_connection = True
        elif said == "limited":
            _reply(handler, 429, _error("slow down"))
        elif said == "limited_seconds":
            _reply(handler, 429, _error("slow down"), {"Retry-After": str(wait_s)})
        elif said == "limited_date":
            _reply(handler, 429, _error("slow down"), {"Retry-After": formatdate(time.time() + wait_s, usegmt=True)})
        elif said == "quota":
            _reply(handler, 429, {"error": {"message": "pay first", "code": "insufficient_quota"}})
        elif said == "error":
            _reply(handler, 500, _error("it broke"))
        elif said.isdigit():
            _reply(handler, int(said), _error(f"status {said}"))
        else:
            reply = _completion(asked.body, said, self.behaviour.write or answer)
            text = json.dumps(reply, ensure_ascii=False)
            _reply(handler, 200, text[: len(text) // 2] if said == "garbage" else text)


def payload_of(body):
    """What an answer depends on: everything but how it is to be formatted."""
    return hashlib.sha256(json.dumps([body["messages"], body.get("seed")]).encode()).hexdigest()


def answer(body):
    """JSON that follows the schema, made of words of the question."""
    schema = body.get("response_format", {}).get("json_schema", {}).get("schema", {"type": "string"})
    draw = random.Random(payload_of(body))
    return json.dumps(_filled(schema, draw, body["messages"][-1]["content"].split()), ensure_ascii=False)


def _filled(schema, draw, words):
    if "enum" in schema:
        return draw.choice(schema["enum"])
    kind = schema.get("type")
    if kind == "object":
        return {name: _filled(part, draw, words) for name, part in schema.get("properties", {}).items()}
    if kind == "array":
        return [_filled(schema["items"], draw, words) for _ in range(schema.get("minItems", 2))]
    if kind in ("number", "integer"):
        low, high = schema.get("minimum", 0), schema.get("maximum", 5)
        return draw.randint(int(low), int(high))
    start = draw.randrange(max(len(words) - 12, 1))
    return f"what about {' '.join(words[start : start + 10])} {draw.randrange(1000)}"


def _completion(body, said, write):
    text, reason, refusal = write(body), "stop", None
    if said == "cut_json":
        text = text[: len(text) // 2]
    elif said == "prose":
        text = f"Sure! Here is what you asked for:\n```json\n{text}\n```\nI hope that it helps."
    elif said == "other_language":
        text = json.dumps(_in_another_language(json.loads(text)), ensure_ascii=False)
    elif said == "wrong_keys":
        text = json.dumps({"result": "something", "ok": True})
    elif said == "duplicate":
        schema = body.get("response_format", {}).get("json_schema", {}).get("schema", {"type": "string"})
        text = json.dumps(_filled(schema, random.Random(0), ["always", "the", "same"]))
    elif said == "refusal":
        text, refusal = None, "I cannot help with that."
    elif said == "length":
        text, reason = text[: len(text) // 2], "length"
    elif said == "filter":
        text, reason = None, "content_filter"
    elif said == "empty":
        text = ""
    prompt_tokens = sum(len(message["content"].split()) for message in body["messages"])
    completion_tokens = len((text or "").split())
    return {
        "id": "c",
        "object": "chat.completion",
        "created": 0,
        "model": body["model"],
        "choices": [
            {
                "index": 0,
                "finish_reason": reason,
                "message": {"role": "assistant", "content": text, "refusal": refusal},
            }
        ],
        "usage": {
            "prompt_tokens": prompt_tokens,
            "completion_tokens": completion_tokens,
            "total_tokens": prompt_tokens + completion_tokens,
        },
    }


def _in_another_language(value):
    if isinstance(value, dict):
        return {name: _in_another_language(part) for name, part in value.items()}
    if isinstance(value, list):
        return [_in_another_language(part) for part in value]
    return "Какая столица этой страны и сколько людей в ней живёт" if isinstance(value, str) else value


def _drawn(rates, name):
    draw = random.Random(name).random()
    for what, rate in rates.items():
        if draw < rate:
            return what
        draw -= rate
    return None


def _error(message):
    return {"error": {"message": message, "type": "error", "code": None}}


def _reply(handler, status, content, headers=None):
    raw = (content if isinstance(content, str) else json.dumps(content)).encode()
    handler.send_response(status)
    for name, value in {"Content-Type": "application/json", "Content-Length": len(raw), **(headers or {})}.items():
        handler.send_header(name, str(value))
    handler.end_headers()
    handler.wfile.write(raw)


def main():
    """Serve until killed, with some of everything; a GET tells what was said how often."""
    options = argparse.ArgumentParser()
    options.add_argument("--port", type=int, default=0)
    options.add_argument("--delay-s", type=float, default=0.0)
    given = options.parse_args()
    troubles = {"limited": 0.02, "limited_seconds": 0.02, "error": 0.03, "reset": 0.02, "garbage": 0.01, "hang": 0.001}
    faults = {name: 0.01 for name in FAULTS} | {"prose": 0.1}
    with MisbehavingServer(given.port, troubles=troubles, faults=faults, delay_s=given.delay_s) as server:
        print(server.url, flush=True)
        threading.Event().wait()


if __name__ == "__main__":
    main()
