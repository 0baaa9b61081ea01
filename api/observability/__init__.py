"""Logs as JSON lines, and figures for Prometheus; neither ever quotes a row.

`logs` formats events, `figures` counts requests, `warehouse` reads figures from what is
stored. `middleware.request_log` calls them for every request.
"""

# The folder of the workers' figures; the library reads it when it is imported.
SHARED_FOLDER = "PROMETHEUS_MULTIPROC_DIR"
