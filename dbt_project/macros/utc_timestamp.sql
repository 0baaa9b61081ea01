{# An ISO 8601 text as canonical UTC text; uploads are canonical already, seeds need not be. #}
{% macro utc_timestamp(expression) -%}
    {{ return(adapter.dispatch('utc_timestamp')(expression)) }}
{%- endmacro %}


{# The cast names the type: without it dbt's unit tests take the column for a number. #}
{% macro sqlite__utc_timestamp(expression) -%}
    cast(
            case
                when substr({{ expression }}, -1) = 'Z' then {{ expression }}
                else strftime('%Y-%m-%dT%H:%M:%SZ', {{ expression }})
            end as text
        )
{%- endmacro %}
