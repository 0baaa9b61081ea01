"""The web application: `create_app`, for any WSGI server.

It only puts the parts together. A builder has to run beside it: `python -m api serve`
starts one; under other servers, `python -m api builder` is one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask

    from api.config import Settings


def create_app(settings: Settings | None = None) -> Flask:
    """Create the application; settings default to those of the environment.

    Close `app.extensions["context"]` to be done with it before the process ends.

    Raises ContractError when the project's YAML breaks its own rules, ValueError when
    a setting is invalid.
    """
    # Imported here: the builder, a process without HTTP, loads no web framework.
    from flask import Flask

    from api import routes
    from api.config import Settings
    from api.middleware.access.middleware import AccessMiddleware
    from api.middleware.access.policy import AccessPolicy
    from api.middleware.admission import WHOLE_BYTES, Admission, RequestBodies
    from api.middleware.request_log import RequestLog
    from api.middleware.response_cache import ResponseCache
    from api.routes.context import Context
    from api.routes.forms import Request

    settings = settings or Settings.from_env()
    policy = AccessPolicy(settings)
    app = Flask(__name__, static_folder=None)
    app.request_class = Request
    app.json.sort_keys = False  # type: ignore[attr-defined]
    app.json.compact = True  # type: ignore[attr-defined]
    # Werkzeug would truncate a body without a length at its limit; `RequestBodies`
    # answers 413.
    app.config["MAX_CONTENT_LENGTH"] = None
    app.config["MAX_FORM_MEMORY_SIZE"] = WHOLE_BYTES
    app.extensions["context"] = context = Context(settings)
    routes.register(app)
    cache = ResponseCache(
        app.wsgi_app, lambda: context.marts.served().build, settings.cache_bytes
    )
    access = AccessMiddleware(Admission(cache, settings), policy)
    request_log = RequestLog(access, routes.route_finder(app))
    app.wsgi_app = RequestBodies(request_log, settings)  # type: ignore[method-assign]
    return app
