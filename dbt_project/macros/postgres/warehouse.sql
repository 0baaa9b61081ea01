{# What dbt-postgres leaves to be said about PostgreSQL. #}

{# One run at a time: `if not exists` does not keep two from creating the same at once. #}
{% macro postgres__prepare_warehouse() -%}
    {%- do query('begin') -%}
    {%- do query("select pg_advisory_xact_lock(hashtext('prepare_warehouse'))") -%}
    {#- Even `if not exists` asks for the right to create one. -#}
    {%- for schema in [target.schema, 'published'] if not query('select 1 where to_regnamespace(' ~ quoted(schema) ~ ') is not null') -%}
        {%- do query('create schema ' ~ schema) -%}
    {%- endfor -%}
    {%- do create_lease_table() -%}
    {%- do query(postgres__builds_table()) -%}
    {%- if not query("select 1 from pg_attribute where attrelid = to_regclass('published.builds') and attname = 'project_digest'") | length -%}
        {%- do query(postgres__digest_of_builds()) -%}
    {%- endif -%}
    {%- do query('commit') -%}
{%- endmacro %}


{% macro postgres__relation_exists(relation) -%}
    {{ return(query('select 1 where to_regclass(' ~ quoted(relation.include(database=false)) ~ ') is not null') | length > 0) }}
{%- endmacro %}
