{# The median of a column, or of an expression, for each group of `by`: to be read from, with a
   name of its own, as

       select department, median from {{ median_of('hires', 'days_to_hire', by=['department']) }} as medians

   It is real, the mean of the middle two where there is an even number of values. Nulls are left
   out; it is null where nothing else is there. `relation` is a ref or the name of a CTE. Standard
   SQL, for SQLite has no aggregate for it, and the other engines have one each. #}
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
