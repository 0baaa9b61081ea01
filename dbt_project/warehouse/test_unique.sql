{#
    dbt's own test of a large table whose answer the database itself guarantees, so that it
    need not read every row again after each load: a unique index over the column alone leaves
    nothing to look for.
#}
{% macro sqlite__test_unique(model, column_name) %}
select
    {{ column_name }} as unique_field,
    count(*) as n_records
from (
    select 1
    where not exists (
        select 1
        from pragma_index_list({{ quoted(model.split('.')[-1] | replace('"', '')) }}) as indexes
        where indexes."unique" = 1
            and not indexes.partial
            and (select group_concat(name) from pragma_index_info(indexes.name)) = {{ quoted(column_name | replace('"', '')) }}
    )
) as unguarded
cross join {{ model }}
where {{ column_name }} is not null
group by {{ column_name }}
having count(*) > 1
{% endmacro %}

{% macro postgres__test_unique(model, column_name) %}
select
    {{ column_name }} as unique_field,
    count(*) as n_records
from {{ model }}
where {{ column_name }} is not null
    and not exists ({{ unique_indexes(table_tested(model), column_name) }})
group by {{ column_name }}
having count(*) > 1
{% endmacro %}

{# A select of the unique indexes of a table over these columns and no others, on PostgreSQL. #}
{% macro unique_indexes(table, columns) -%}
    select 1
    from pg_index
    where indrelid = to_regclass({{ table }})
        and indisunique
        and indpred is null
        and (
            select string_agg(attname, ',' order by place)
            from unnest(indkey) with ordinality as indexed (attnum, place)
            inner join pg_attribute using (attnum)
            where attrelid = indrelid
        ) = {{ quoted(columns | replace('"', '') | replace(' ', '')) }}
{%- endmacro %}

{# The name of the table that a test looks at, or at some rows of, as a literal. #}
{% macro table_tested(model) -%}
    {{ return(quoted(modules.re.search('(?:"[^"]+"\\.)*"[^"]+"', model | string).group())) }}
{%- endmacro %}
