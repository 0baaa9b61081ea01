"""The builder: one process per warehouse that runs dbt whenever something has changed.

`loop` decides when, `ledger` and `mending` look after the files, `dbt` builds,
`record` and `failures` tell of what dbt could not record itself, which takes
`plain_macros` that dbt goes by as well,
`supervisor` keeps the process alive, `lock` keeps it alone.
"""
