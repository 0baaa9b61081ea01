"""The web application: `create_app` under any WSGI server.

Only puts the parts together; a builder has to run beside it (`python -m api serve`
starts one by itself, `python -m api builder` is for other servers).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask

    from api.config import Settings


def create_app(settings: Settings | None = None) -> Flask:
    """Make the application; settings come from the environment when none are given.

    Whoever is done with it before the process ends closes `app.extensions["context"]`.

    Raises ContractError when the project's YAML breaks its own rules, ValueError when
    a setting cannot be.
    """
    # Here, so that the builder, a process without HTTP, does not load a web framework.
    from flask import Flask

    from api import routes
    from api.config import Settings
    from api.middleware.access import AccessMiddleware, AccessPolicy
    from api.middleware.admission import WHOLE_BYTES, Admission, RequestBodies
    from api.middleware.request_log import RequestLog
    from api.middleware.response_cache import ResponseCache
    from api.routes.context import Context
    from api.routes.forms import Request

    settings = settings or Settings.from_env()
    door = AccessPolicy(settings)
    app = Flask(__name__, static_folder=None)
    app.request_class = Request
    app.json.sort_keys = False  # type: ignore[attr-defined]
    app.json.compact = True  # type: ignore[attr-defined]
    # Of a body without a length the library would cut off what is over its limit:
    # `RequestBodies` refuses it.
    app.config["MAX_CONTENT_LENGTH"] = None
    app.config["MAX_FORM_MEMORY_SIZE"] = WHOLE_BYTES
    app.extensions["context"] = context = Context(settings)
    routes.register(app)
    cache = ResponseCache(
        app.wsgi_app, lambda: context.marts.served().build, settings.cache_bytes
    )
    guarded = AccessMiddleware(Admission(cache, settings), door)
    observed = RequestLog(guarded, routes.templates(app))
    app.wsgi_app = RequestBodies(observed, settings)  # type: ignore[method-assign]
    return app
