"""A run of dbt, from the facts that dbt wrote down to what becomes of it.

`facts` is what is known of a run, `audit` whether it stands for all of the project and
passed, `failures` what is said of what did not, `catalogue` what is told of the marts.
Nothing here runs dbt or knows an engine.
"""
