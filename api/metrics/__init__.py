"""A metric from the request to the answer: a query, its SQL, the rows, the bytes.

`request` resolves a request against the build that is served: `parameters` parses the
query string to a `query`, with `filters`, `operators` and `cursor`. `marts` reads the
rows by the SQL of `select`, and `answers` renders a page of them. `catalogue` lists the
metrics. `middleware.response_cache` keeps the answers.
"""
