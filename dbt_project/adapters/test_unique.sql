{# dbt's own tests of a large table whose answer the database itself guarantees need not read every row again after
   each load: a unique index over the column alone leaves nothing to look for. #}
{% macro sqlite__test_unique(model, column_name) -%}
    {%- set table, name = model.split('.')[-1] | replace('"', ''), column_name | replace('"', '') -%}
    {{ unique_unless('
        select 1 from pragma_index_list(' ~ quoted(table) ~ ') as indexes
        where indexes."unique" = 1 and not indexes.partial
            and (select group_concat(name) from pragma_index_info(indexes.name)) = ' ~ quoted(name),
        model, column_name) }}
{%- endmacro %}
{% macro postgres__test_unique(model, column_name) -%}
    {{ unique_unless(unique_indexes(table_tested(model), column_name), model, column_name) }}
{%- endmacro %}

{# `cross join`: SQLite asks first whether it is guarded, and once. #}
{% macro unique_unless(guarded, model, column_name) -%}
    select {{ column_name }} as unique_field, count(*) as n_records
    from (select 1 where not exists ({{ guarded }})) as unguarded
    cross join {{ model }}
    where {{ column_name }} is not null
    group by {{ column_name }}
    having count(*) > 1
{%- endmacro %}

{# A select of the unique indexes of a table over these columns and no others, on PostgreSQL. #}
{% macro unique_indexes(table, columns) -%}
    select 1 from pg_index
    where indrelid = to_regclass({{ table }}) and indisunique and indpred is null
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
