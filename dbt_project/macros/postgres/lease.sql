{# Not now(), which stands still during a transaction. #}
{% macro postgres__seconds_now() -%}
    {{ return('cast(extract(epoch from clock_timestamp()) as double precision)') }}
{%- endmacro %}


{% macro postgres__pause() -%}
    {%- do query('select 1 from pg_sleep(0.05)') -%}
{%- endmacro %}


{# dbt has looked for tables before it waited: others may have come meanwhile. #}
{% macro postgres__take_lease() -%}
    {%- do default__take_lease() -%}
    {%- for name in query('select tablename from pg_tables where schemaname = ' ~ quoted(target.schema) ~ ' order by tablename') | map(attribute='tablename') -%}
        {%- do adapter.cache_added(api.Relation.create(database=target.database, schema=target.schema, identifier=name, type='table')) -%}
    {%- endfor -%}
{%- endmacro %}
