{% macro sqlite__seconds_now() -%}
    {{ return("julianday('now') * 86400.0") }}
{%- endmacro %}


{# Jinja cannot sleep: let the database count. #}
{% macro sqlite__pause() -%}
    {%- do query('with recursive ticks (n) as (select 1 union all select n + 1 from ticks where n < 300000) select max(n) from ticks') -%}
{%- endmacro %}
