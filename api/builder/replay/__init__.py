"""Builds after a load, replayed without dbt.

`recorder` records what dbt sends in a build, `comparison` makes a script of two
recordings, `script` runs it against the database, `builds` keeps the scripts of one
version of the project, `determinism` says whether a project can be replayed at all.
"""
