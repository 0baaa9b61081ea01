"""A metric from the request to the answer: a query, its SQL, the rows, the bytes.

`request` puts what a client asks for to the build that is served, by way of
`parameters` (the query string to a `query`), `filters`, `operators` and `cursor`;
`marts` has `select` make SQL of the query and reads the rows; `answers` renders a page
of them. `catalogue` says which metrics there are. Answers are kept by
`middleware.response_cache`.
"""
