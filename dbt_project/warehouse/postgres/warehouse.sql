{# What dbt-postgres leaves to be said about PostgreSQL. #}

{# One run at a time: `if not exists` does not keep two from creating the same at once. #}
{% macro postgres__prepare_warehouse() -%}
    {%- do query('begin') -%}
    {%- do query("select pg_advisory_xact_lock(hashtext('prepare_warehouse'))") -%}
    {#- Even `if not exists` asks for the right to create one. -#}
    {%- if not query('select 1 where to_regnamespace(' ~ quoted(target.schema) ~ ') is not null') -%}
        {%- do query('create schema ' ~ target.schema) -%}
    {%- endif -%}
    {%- do create_lease_table() -%}
    {%- do query('commit') -%}
{%- endmacro %}


{% macro postgres__relation_exists(relation) -%}
    {{ return(query('select 1 where to_regclass(' ~ quoted(relation.include(database=false)) ~ ') is not null') | length > 0) }}
{%- endmacro %}


{# Of the runs of earlier versions nothing is needed. #}
{% macro postgres__prepare_run_state() -%}
    {%- set runs = quoted(state_table('dbt_runs')) -%}
    {%- if query('select 1 where to_regclass(' ~ runs ~ ") is not null and not exists (
        select 1 from pg_attribute where attrelid = to_regclass(" ~ runs ~ ") and attname = 'finished_at')") | length -%}
        {%- do query('drop table ' ~ state_table('dbt_runs')) -%}
    {%- endif -%}
    {%- do default__prepare_run_state() -%}
{%- endmacro %}


{% macro postgres__wake_builder() -%}
    {%- do query("select pg_notify('hiring_commits', '')") -%}
{%- endmacro %}
