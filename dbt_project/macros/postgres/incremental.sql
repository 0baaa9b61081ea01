{# The strategies of dbt's incremental models. #}

{% macro postgres__get_incremental_default_sql(arguments) -%}
    {{ return(take_in(arguments['temp_relation'], arguments['target_relation'])) }}
{%- endmacro %}


{% macro get_incremental_add_sql(arguments) -%}
    {{ return(take_in(arguments['temp_relation'], arguments['target_relation'])) }}
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
    Sorting the rows takes half as long as sorting keys and fetching the newest rows by them,
    and it is what PostgreSQL does without statistics as well: a load is built before it has any.
#}
{% macro postgres__newest_of(uploads, rows, unique_key) -%}
    select distinct on ({{ unique_key }}) *
    from {{ rows }}
    order by {{ unique_key }}, _row desc
{%- endmacro %}
