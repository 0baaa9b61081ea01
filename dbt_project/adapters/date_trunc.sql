{#
    dbt.date_trunc: the start of the year, quarter, month, week (Monday) or day as a date, or of
    the hour, minute or second as a timestamp. Canonical UTC text on every engine.
#}
{% macro default__date_trunc(datepart, date) -%}
    {%- set part = date_part(datepart) -%}
    {%- if part == 'year' -%}
    (substr({{ date }}, 1, 4) || '-01-01')
    {%- elif part == 'quarter' -%}
    (substr({{ date }}, 1, 5) || {{ quarter_of(date, ["'01'", "'04'", "'07'", "'10'"]) }} || '-01')
    {%- elif part == 'month' -%}
    (substr({{ date }}, 1, 7) || '-01')
    {%- elif part == 'week' -%}
    {{ add_days('substr(' ~ date ~ ', 1, 10)', '(-(' ~ days_since_year_one(date) ~ ' % 7))') }}
    {%- elif part == 'day' -%}
    substr({{ date }}, 1, 10)
    {%- elif part == 'hour' -%}
    (substr({{ date }} || 'T00:00:00', 1, 13) || ':00:00Z')
    {%- elif part == 'minute' -%}
    (substr({{ date }} || 'T00:00:00', 1, 16) || ':00Z')
    {%- else -%}
    (substr({{ date }} || 'T00:00:00', 1, 19) || 'Z')
    {%- endif -%}
{%- endmacro %}
