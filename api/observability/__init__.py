"""Seeing what goes on: a number for each request, logs as JSON lines, figures.

`logs` words lines, `figures` counts, `warehouse` tells how the stored rows stand,
`observed` is the layer around every request. No room's rows are ever told.
"""

# Where workers put their figures; read by the library when it is imported.
SHARED_FOLDER = "PROMETHEUS_MULTIPROC_DIR"
