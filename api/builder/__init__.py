"""The builder: one process per warehouse that runs dbt whenever something has changed.

`loop` decides when to build. `watch` looks at the project's files, `earlier` at the
builds that are recorded. `dbt_project` parses and builds, with `dbt` or, where a load
is like the ones before, with `replay`; `monitor` watches the build and stops it.
`judge` publishes by the rules in `runs`. `failure_report` reports what dbt could not
record, `lineage` makes the docs page. `supervisor` keeps the process alive and
replaces it when its `heartbeat` stops. Storage, and the lock that keeps a second
builder out, belong to `api.warehouse.engines`.
"""
