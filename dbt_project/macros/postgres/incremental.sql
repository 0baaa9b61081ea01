{# The strategies of dbt's incremental models. #}

{% macro postgres__get_incremental_default_sql(arguments) -%}
    {{ return(take_in(arguments['temp_relation'], arguments['target_relation'], arguments['unique_key'])) }}
{%- endmacro %}


{% macro get_incremental_add_sql(arguments) -%}
    {{ return(take_in(arguments['temp_relation'], arguments['target_relation'], arguments['unique_key'])) }}
{%- endmacro %}


{# The index of the groups takes missing values for equal: see guaranteed.sql. #}
{% macro postgres__add_sums(arriving, target) -%}
    {%- set keys = config.get('unique_key') -%}
    {%- set sums = [] -%}
    {%- for column in model.columns.values() if column.name not in keys -%}
        {%- set name = column.name | tojson -%}
        {%- do sums.append(name ~ ' = target.' ~ name ~ ' + excluded.' ~ name) -%}
    {%- endfor -%}
    {%- set columns = column_names(model.columns.values()) -%}
    {%- do statement_of('insert into ' ~ target ~ ' as target (' ~ columns ~ ') select ' ~ columns ~ ' from ' ~ arriving ~ '
        on conflict (' ~ keys | map('tojson') | join(', ') ~ ') do update set ' ~ sums | join(', ')) -%}
{%- endmacro %}


{#
    A row's key has its load's number on top: each load is a range of the table, and nothing
    else of it is read.
#}
{% macro postgres__rows_of_loads(uploads, condition) -%}
    (
        select uploads.*
        from (select distinct load_id from {{ spans_of(uploads) }} where {{ condition }}) as spans
        inner join {{ uploads }} as uploads
            on uploads._row >= spans.load_id << 32 and uploads._row < (spans.load_id + 1) << 32
    ) as counting
{%- endmacro %}
