{#
    dbt.datediff: how many boundaries of a date part lie between two dates or timestamps; from
    23:59 to 00:01 the day after next there are two days. Weeks begin on Monday. The result is
    negative if the second is earlier. "Days since" is `dbt.datediff('hired_at', utc_today(), 'day')`.
#}
{% macro default__datediff(first_date, second_date, datepart) -%}
    (cast({{ parts_begun(second_date, datepart) }} - {{ parts_begun(first_date, datepart) }} as {{ storage_type('integer') }}))
{%- endmacro %}


{# Parts since the year 1, whose first day was a Monday; for a year, its number. #}
{% macro parts_begun(moment, datepart) -%}
    {%- set part = date_part(datepart) -%}
    {%- set days = days_since_year_one(moment) -%}
    {%- if part == 'year' -%}
    {{ digits_of(moment, 1, 4) }}
    {%- elif part == 'quarter' -%}
    ({{ digits_of(moment, 1, 4) }} * 4 + {{ quarter_of(moment, [0, 1, 2, 3]) }})
    {%- elif part == 'month' -%}
    ({{ digits_of(moment, 1, 4) }} * 12 + {{ digits_of(moment, 6, 2) }})
    {%- elif part == 'week' -%}
    (({{ days }} - {{ days }} % 7) / 7)
    {%- elif part == 'day' -%}
    {{ days }}
    {%- elif part == 'hour' -%}
    ({{ days }} * 24 + {{ digits_of(moment, 12, 2) }})
    {%- elif part == 'minute' -%}
    ({{ days }} * 1440 + {{ digits_of(moment, 12, 2) }} * 60 + {{ digits_of(moment, 15, 2) }})
    {%- else -%}
    ({{ days }} * 86400 + {{ digits_of(moment, 12, 2) }} * 3600 + {{ digits_of(moment, 15, 2) }} * 60 + {{ digits_of(moment, 18, 2) }})
    {%- endif -%}
{%- endmacro %}


{# A date counts as its midnight. #}
{% macro digits_of(moment, start, length) -%}
    cast(substr({{ moment }} || 'T00:00:00', {{ start }}, {{ length }}) as {{ storage_type('integer') }})
{%- endmacro %}


{% macro quarter_of(moment, values) -%}
    case
        when substr({{ moment }}, 6, 2) < '04' then {{ values[0] }}
        when substr({{ moment }}, 6, 2) < '07' then {{ values[1] }}
        when substr({{ moment }}, 6, 2) < '10' then {{ values[2] }}
        else {{ values[3] }}
    end
{%- endmacro %}


{% macro days_since_year_one(moment) -%}
    {{ return(adapter.dispatch('days_since_year_one')(moment)) }}
{%- endmacro %}


{% macro sqlite__days_since_year_one(moment) -%}
    cast(julianday(substr({{ moment }}, 1, 10)) - julianday('0001-01-01') as integer)
{%- endmacro %}


{% macro postgres__days_since_year_one(moment) -%}
    cast(cast(substr({{ moment }}, 1, 10) as date) - date '0001-01-01' as bigint)
{%- endmacro %}


{% macro spark__days_since_year_one(moment) -%}
    cast(datediff(cast(substr({{ moment }}, 1, 10) as date), date '0001-01-01') as bigint)
{%- endmacro %}
