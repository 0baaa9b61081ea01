{# The cast names the type: without it dbt's unit tests take the column for a number. #}
{% macro sqlite__utc_timestamp(expression) -%}
    cast(
            case
                when substr({{ expression }}, -1) = 'Z' then {{ expression }}
                else strftime('%Y-%m-%dT%H:%M:%SZ', {{ expression }})
            end as text
        )
{%- endmacro %}
