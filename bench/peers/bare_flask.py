"""One Flask route that returns the bytes of a file: `bare_flask.py FILE PORT`."""

import os
import sys
from pathlib import Path

from flask import Flask, Response, request


def make() -> Flask:
    body = Path(os.environ["BARE_BODY"]).read_bytes()
    app = Flask("bare")

    @app.get("/")
    def answer() -> Response:
        if request.headers.get("If-None-Match") == '"same"':
            return Response(status=304)
        return Response(body, mimetype="application/json")

    return app


if __name__ == "__main__":
    from granian import Granian

    os.environ["BARE_BODY"] = sys.argv[1]
    server = Granian(
        "bare_flask:make",
        factory=True,
        interface="wsgi",
        port=int(sys.argv[2]),
        workers=1,
        blocking_threads=64,
        websockets=False,
    )
    server.serve()
