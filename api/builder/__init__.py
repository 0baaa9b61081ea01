"""The builder: one process per warehouse that runs dbt whenever something has changed.

`loop` decides when, `ledger` and `mending` look after the files, `dbt` builds,
`record` tells of what dbt could not record itself,
`supervisor` keeps the process alive, `lock` keeps it alone.
"""
