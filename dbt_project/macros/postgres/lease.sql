{# Not now(), which stands still during a transaction. #}
{% macro postgres__seconds_now() -%}
    {{ return('cast(extract(epoch from clock_timestamp()) as double precision)') }}
{%- endmacro %}


{% macro postgres__pause() -%}
    {%- do query('select 1 from pg_sleep(0.05)') -%}
{%- endmacro %}
