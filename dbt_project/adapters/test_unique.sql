{# dbt's own test, without reading every row of a large table after each load where the database guarantees the
   result: a unique index on the column alone. #}
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

{# `cross join` makes SQLite check once, and first, whether there is such an index. #}
{% macro unique_unless(guarded, model, column_name) -%}
    select {{ column_name }} as unique_field, count(*) as n_records
    from (select 1 where not exists ({{ guarded }})) as unguarded
    cross join {{ model }}
    where {{ column_name }} is not null
    group by {{ column_name }}
    having count(*) > 1
{%- endmacro %}

{# On PostgreSQL, a select of the unique indexes of a table on exactly these columns. #}
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

{# The name of the table that a test reads, wholly or in part, as a literal. #}
{% macro table_tested(model) -%}
    {{ return(quoted(modules.re.search('(?:"[^"]+"\\.)*"[^"]+"', model | string).group())) }}
{%- endmacro %}
