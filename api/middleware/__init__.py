"""What stands in front of Flask, in the order in which a request meets it.

`admission.request_bodies` reads the body, `request_log` counts and logs, `access` asks
for keys, `admission` lets as many write as there may be, and `response_cache` answers
what was answered before.
"""
