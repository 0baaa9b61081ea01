{#
    Run one statement outside dbt's own transactions; its rows if it is a select, since even
    no rows take dbt a millisecond to hand over. A transaction is opened with a plain `begin`:
    `begin immediate` would take SQLite's write lock of raw.db as well, and with it wait for, and
    hold up, uploads.
#}
{% macro query(sql) -%}
    {%- set reads = sql.strip().lower().startswith(('select', 'with')) -%}
    {%- call statement('query', fetch_result=reads, auto_begin=false) -%}
        {{ sql }}
    {%- endcall -%}
    {{ return(load_result('query').table.rows if reads else []) }}
{%- endmacro %}


{# The first row of a query, or none. #}
{% macro only_row(sql) -%}
    {%- set rows = query(sql) -%}
    {{ return(rows[0] if rows | length else none) }}
{%- endmacro %}


{# A text as a SQL literal; none for none. #}
{% macro quoted(text) -%}
    {{ return(none if text is none else adapter.dispatch('quoted')(text)) }}
{%- endmacro %}


{% macro default__quoted(text) -%}
    {{ return("'" ~ (text | string | replace("'", "''")) ~ "'") }}
{%- endmacro %}
