"""The builder: one process per warehouse that runs dbt whenever something has changed.

`loop` decides when, `watch` looks at the project, `inputs` names its version, `earlier`
knows what need not be done again, `dbt` builds, `played` does without it what
`recorder` has seen it do, `lineage` documents, `failures` tells of what dbt could not
record itself, `supervisor` keeps the process alive, which `heartbeat` tells it. What is
built on, and who keeps the builder alone there, is for `engines`.
"""
