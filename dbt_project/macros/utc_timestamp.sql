{# An ISO 8601 text as canonical UTC text; uploads are canonical already, seeds need not be. #}
{% macro utc_timestamp(expression) -%}
    {{ return(adapter.dispatch('utc_timestamp')(expression)) }}
{%- endmacro %}
