{#
    How an incremental model takes in the rows of a build: it adds them up (strategy `add`,
    see changed_rows.sql), or puts them in place of those with the same unique_key, and takes
    out those that count no more or that it leaves out now. The last statement is left for dbt
    to run.
#}
{% macro take_in(arriving, target) -%}
    {%- if config.get('incremental_strategy') == 'add' -%}
    {%- do add_sums(arriving, target) -%}
    delete from {{ target }} where {{ config.get('meta').counted_by | tojson }} = 0
    {%- else -%}
    {%- set key = unique_key_columns() | join(', ') -%}
    {%- set keys = ['select ' ~ key ~ ' from ' ~ arriving] + touched_keys() -%}
    {%- set going = '(' ~ key ~ ') in (' ~ keys | join(' union all ') ~ ')' -%}
    {%- if keeps_changes() -%}
        {%- do keep_changes(arriving, going) -%}
    {%- endif -%}
    {%- do statement_of('delete from ' ~ target ~ ' where ' ~ going) -%}
    {%- set columns = column_names(model.columns.values()) -%}
    insert into {{ target }} ({{ columns }})
    select {{ columns }} from {{ arriving }}
    {%- endif -%}
{%- endmacro %}
