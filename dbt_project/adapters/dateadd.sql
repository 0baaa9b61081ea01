{#
    dbt.dateadd for dates and timestamps as canonical UTC text, on every engine. A date stays a
    date, unless hours, minutes or seconds are added. A month later is the same day of the month,
    or its last day.
#}
{% macro default__dateadd(datepart, interval, from_date_or_timestamp) -%}
    {%- set part = date_part(datepart) -%}
    {%- set months = {'month': 1, 'quarter': 3, 'year': 12} -%}
    {%- set days = {'day': 1, 'week': 7} -%}
    {%- set seconds = {'second': 1, 'minute': 60, 'hour': 3600} -%}
    {%- set number = '((' ~ interval ~ ') * ' ~ (months.get(part) or days.get(part) or seconds[part]) ~ ')' -%}
    {%- if part in months -%}
    {{ add_months(from_date_or_timestamp, number) }}
    {%- elif part in days -%}
    {{ add_days(from_date_or_timestamp, number) }}
    {%- else -%}
    {{ add_seconds(from_date_or_timestamp, number) }}
    {%- endif -%}
{%- endmacro %}


{# The name of a date part, which dbt accepts with or without quotes. #}
{% macro date_part(name) -%}
    {%- set part = name | replace("'", '') | trim | lower -%}
    {%- set parts = ['year', 'quarter', 'month', 'week', 'day', 'hour', 'minute', 'second'] -%}
    {%- if part not in parts -%}
        {%- do exceptions.raise_compiler_error('A date has no part ' ~ name ~ ': it is one of ' ~ parts | join(', ') ~ '.') -%}
    {%- endif -%}
    {{ return(part) }}
{%- endmacro %}


{% macro add_months(moment, number) -%}
    {{ return(adapter.dispatch('add_months')(moment, number)) }}
{%- endmacro %}


{# SQLite itself would carry a day that the month does not have over into the next month. #}
{% macro sqlite__add_months(moment, number) -%}
    {%- set first = 'date(' ~ moment ~ ", 'start of month', " ~ number ~ " || ' months')" -%}
    (date(
        {{ first }},
        (min(strftime('%d', {{ moment }}), strftime('%d', {{ first }}, '1 month', '-1 day')) - 1) || ' days'
    ) || substr({{ moment }}, 11))
{%- endmacro %}


{% macro postgres__add_months(moment, number) -%}
    (to_char(cast(substr({{ moment }}, 1, 10) as date) + {{ number }} * interval '1 month', 'YYYY-MM-DD') || substr({{ moment }}, 11))
{%- endmacro %}


{% macro spark__add_months(moment, number) -%}
    (cast(add_months(cast(substr({{ moment }}, 1, 10) as date), cast({{ number }} as int)) as string) || substr({{ moment }}, 11))
{%- endmacro %}


{% macro add_days(moment, number) -%}
    {{ return(adapter.dispatch('add_days')(moment, number)) }}
{%- endmacro %}


{% macro sqlite__add_days(moment, number) -%}
    (date({{ moment }}, {{ number }} || ' days') || substr({{ moment }}, 11))
{%- endmacro %}


{% macro postgres__add_days(moment, number) -%}
    (to_char(cast(substr({{ moment }}, 1, 10) as date) + cast({{ number }} as integer), 'YYYY-MM-DD') || substr({{ moment }}, 11))
{%- endmacro %}


{% macro spark__add_days(moment, number) -%}
    (cast(date_add(cast(substr({{ moment }}, 1, 10) as date), cast({{ number }} as int)) as string) || substr({{ moment }}, 11))
{%- endmacro %}


{% macro add_seconds(moment, number) -%}
    {{ return(adapter.dispatch('add_seconds')(moment, number)) }}
{%- endmacro %}


{% macro sqlite__add_seconds(moment, number) -%}
    strftime('%Y-%m-%dT%H:%M:%SZ', {{ moment }}, {{ number }} || ' seconds')
{%- endmacro %}


{% macro postgres__add_seconds(moment, number) -%}
    to_char(cast(substr({{ moment }} || 'T00:00:00', 1, 19) as timestamp) + {{ number }} * interval '1 second', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')
{%- endmacro %}


{% macro spark__add_seconds(moment, number) -%}
    date_format(cast(substr({{ moment }} || 'T00:00:00', 1, 19) as timestamp_ntz) + make_dt_interval(0, 0, 0, {{ number }}), "yyyy-MM-dd'T'HH:mm:ss'Z'")
{%- endmacro %}
