{# What dbt-postgres leaves to be said about PostgreSQL. #}

{# One run at a time: `if not exists` does not keep two from creating the same at once. #}
{% macro postgres__prepare_warehouse() -%}
    {%- do query('begin') -%}
    {%- do query("select pg_advisory_xact_lock(hashtext('prepare_warehouse'))") -%}
    {%- do query('create schema if not exists ' ~ target.schema) -%}
    {%- do query('create schema if not exists published') -%}
    {%- do query(postgres__builds_table()) -%}
    {%- do query('commit') -%}
{%- endmacro %}


{% macro postgres__relation_exists(relation) -%}
    {{ return(query('select 1 where to_regclass(' ~ quoted(relation.include(database=false)) ~ ') is not null') | length > 0) }}
{%- endmacro %}
