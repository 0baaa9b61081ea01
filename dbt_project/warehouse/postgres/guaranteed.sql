{#
    Tests of a large table whose answer the database itself guarantees, so that they need not
    read every row again after each load.
#}

{#
    One row per unique_key, missing values taken for equal. Not by a name of its own: dbt
    builds a table beside the one that it replaces, whose indexes go only after it.
#}
{% macro postgres__index_grain(unique_key) -%}
    {%- set found = execute and query(unique_indexes(quoted(this.include(database=false)), unique_key)) -%}
    {%- if not found %}
    create unique index on {{ this }} ({{ unique_key }}) nulls not distinct
    {%- endif -%}
{%- endmacro %}


{# A select of the unique indexes of a table over these columns and no others. #}
{% macro unique_indexes(table, columns) -%}
    {%- set names = columns | replace('"', '') | replace(' ', '') -%}
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
        ) = {{ quoted(names) }}
{%- endmacro %}


{# A unique index over the column alone leaves nothing to look for. #}
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


{# Nor does a column that takes no empty values. #}
{% macro postgres__test_not_null(model, column_name) %}
select {{ '*' if should_store_failures() else column_name }}
from {{ model }}
where {{ column_name }} is null
    and not exists (
        select 1
        from pg_attribute
        where attrelid = to_regclass({{ table_tested(model) }})
            and attname = {{ quoted(column_name | replace('"', '')) }}
            and attnotnull
    )
{% endmacro %}


{# The name of the table that a test looks at, or at some rows of, as a literal. #}
{% macro table_tested(model) -%}
    {{ return(quoted(modules.re.search('(?:"[^"]+"\\.)*"[^"]+"', model | string).group())) }}
{%- endmacro %}


{# An index of the rows that lack something they must have: empty, or what not_null shows. #}
{% macro index_of_nulls(relation) -%}
    {%- set lacking = lacks_something() -%}
    {%- if lacking -%}
    create index on {{ relation }} ({{ adapter.quote((model.columns.values() | first).name) }}) where {{ lacking }};
    {%- endif -%}
{%- endmacro %}


{# Most of what it plans it never runs: compiling all of that to machine code takes seconds. #}
{% macro postgres__rows_of_audit(sql) -%}
    {%- do query('set jit = off') -%}
    {{ return(query(sql)) }}
{%- endmacro %}
