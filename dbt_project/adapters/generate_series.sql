{# dbt.generate_series, used by dbt.date_spine: the numbers from 1 to upper_bound, none if that is below 1. #}
{% macro sqlite__generate_series(upper_bound) -%}
    with recursive series (generated_number) as (
        select 1 where {{ upper_bound | int }} >= 1
        union all
        select generated_number + 1 from series where generated_number < {{ upper_bound | int }}
    )
    select generated_number from series
{%- endmacro %}


{% macro postgres__generate_series(upper_bound) -%}
    select generated_number from generate_series(1, cast({{ upper_bound | int }} as bigint)) as series (generated_number)
{%- endmacro %}


{% macro spark__generate_series(upper_bound) -%}
    select id as generated_number from range(1, {{ upper_bound | int + 1 }})
{%- endmacro %}
