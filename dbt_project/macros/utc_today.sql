{# The current UTC date. A model that uses it sets `refresh: daily` in its meta. #}
{% macro utc_today() -%}
    substr({{ utc_now() }}, 1, 10)
{%- endmacro %}
