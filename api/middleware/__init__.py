"""The WSGI layers in front of Flask, in the order in which a request passes them.

`admission.request_bodies` reads the body, `request_log` counts and logs, `access`
checks host, origin and key, `admission` limits how many write at once, and
`response_cache` returns the answers of metrics that it holds.
"""
