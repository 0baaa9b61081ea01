{# A subquery with the median of a column, or of an expression, for each group of `by`:

       select department, median from {{ median_of('hires', 'days_to_hire', by=['department']) }} as medians

   The median is real: of an even number of values, the mean of the middle two. Nulls are ignored;
   a group of nulls has a null median. `relation` is a ref or the name of a CTE. This is standard
   SQL, because SQLite has no aggregate for it and those of the other engines differ. #}
{% macro median_of(relation, column, by=[]) -%}
    {%- set keys = [by] if by is string else by -%}
    {%- set groups = keys | join(', ') -%}
    {%- set each = 'partition by ' ~ groups if keys else '' -%}
    (
        select
            {{ groups ~ ',' if keys }}
            avg(case when 2 * _place between _count and _count + 2 then _value end) as median
        from (
            select
                {{ groups ~ ',' if keys }}
                cast({{ column }} as {{ storage_type('real') }}) as _value,
                count({{ column }}) over ({{ each }}) as _count,
                row_number() over (
                    {{ each }} order by case when {{ column }} is null then 1 else 0 end, {{ column }}
                ) as _place
            from {{ relation }}
        ) as placed
        {{ 'group by ' ~ groups if keys }}
    )
{%- endmacro %}
