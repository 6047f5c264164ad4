"""A local server that speaks the endpoints, well or as told."""

import base64
import json
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np

from tests.search.fakes import BagEncoder, OverlapReranker


class Replies:
    """What to answer; `spoil` changes a reply before it is sent, `failures` are answered first."""

    def __init__(self, *, spoil=None, failures=(), ignores_base64=False):
        self.spoil, self.failures, self.ignores_base64 = spoil, list(failures), ignores_base64
        self.requests = []

    def answer(self, path, body):
        reply = self._embeddings(body) if path.endswith("/embeddings") else self._ranking(path, body)
        return self.spoil(reply) if self.spoil else reply

    def _embeddings(self, body):
        vectors = BagEncoder().encode_documents(body["input"], dim=body.get("dimensions")) * 3
        packed = body.get("encoding_format") == "base64" and not self.ignores_base64
        rows = [
            {"object": "embedding", "index": place, "embedding": _packed(row) if packed else row.tolist()}
            for place, row in enumerate(vectors)
        ]
        return {"object": "list", "model": body["model"], "data": rows[::-1], "usage": _USAGE}

    def _ranking(self, path, body):
        documents = body["texts"] if "texts" in body else body["documents"]
        judge = OverlapReranker()
        scores = judge.logits(body["query"], documents)
        scores = scores if body.get("raw_scores") else judge.score(body["query"], documents)
        order = np.argsort(-scores, kind="stable").tolist()
        if "texts" in body:
            return [{"index": place, "score": float(scores[place])} for place in order]
        return {"results": [{"index": place, "relevance_score": float(scores[place])} for place in order]}


_USAGE = {"prompt_tokens": 1, "total_tokens": 1}


def _packed(row):
    return base64.b64encode(row.astype("<f4").tobytes()).decode()


@contextmanager
def serving(replies):
    """Base URL of a server that answers so."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = json.loads(self.rfile.read(int(self.headers["content-length"])))
            replies.requests.append((self.path, body, dict(self.headers)))
            if replies.failures:
                status, headers = replies.failures.pop(0)
                self._send(status, json.dumps({"error": {"message": "not now"}}), headers)
            else:
                reply = replies.answer(self.path, body)
                self._send(200, reply if isinstance(reply, str) else json.dumps(reply), {})

        def _send(self, status, text, headers):
            self.send_response(status)
            for name, value in {"content-type": "application/json", **headers}.items():
                self.send_header(name, value)
            data = text.encode()
            self.send_header("content-length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
