"""A dbt run, from the facts that dbt recorded to its outcome.

`facts` holds what is known of a run, `audit` decides whether it covered the whole
project, `failures` and `explanations` report what did not pass, `publish_checks` and
`sql_lint` look for what no test finds, `catalogue` makes the documents of the marts,
`outcome` puts these together. Nothing here runs dbt or knows an engine.
"""
