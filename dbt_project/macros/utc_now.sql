{# The current time as canonical UTC text. A model that uses it may set `refresh: daily`. #}
{% macro utc_now() -%}
    {{ return(adapter.dispatch('utc_now')()) }}
{%- endmacro %}


{% macro sqlite__utc_now() -%}
    strftime('%Y-%m-%dT%H:%M:%SZ', 'now')
{%- endmacro %}


{% macro postgres__utc_now() -%}
    to_char(now() at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')
{%- endmacro %}


{% macro spark__utc_now() -%}
    date_format(to_utc_timestamp(current_timestamp(), current_timezone()), "yyyy-MM-dd'T'HH:mm:ss'Z'")
{%- endmacro %}
