{# dbt.last_day: the last day of the year, quarter, month or week of a date or timestamp. #}
{% macro default__last_day(date, datepart) -%}
    {{ dbt.dateadd('day', -1, dbt.dateadd(datepart, 1, dbt.date_trunc(datepart, date))) }}
{%- endmacro %}
