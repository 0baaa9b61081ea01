{# Today as a date, in UTC. A model that asks for it says `refresh: daily` in its meta. #}
{% macro utc_today() -%}
    substr({{ utc_now() }}, 1, 10)
{%- endmacro %}
