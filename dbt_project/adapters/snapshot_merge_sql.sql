{#
    The parts of dbt's snapshots that an engine implements. Times are canonical UTC text, as in
    every model.
#}

{# A unique text per row and time: the parts with their lengths, because SQLite has no md5. #}
{% macro sqlite__snapshot_hash_arguments(args) -%}
    {%- for arg in args -%}
    coalesce(length({{ arg }}) || ':' || {{ arg }}, '') {{- ' || ' if not loop.last -}}
    {%- endfor -%}
{%- endmacro %}


{# Close versions that changed or were deleted, then insert the new ones. #}
{% macro sqlite__snapshot_merge_sql(target, source, insert_cols) -%}
    {%- set columns = config.get('snapshot_table_column_names') or get_snapshot_table_column_names() -%}
    {%- set is_open = target ~ '.' ~ columns.dbt_valid_to ~ ' is null' -%}
    {%- if config.get('dbt_valid_to_current') -%}
        {%- set is_open = is_open ~ ' or ' ~ target ~ '.' ~ columns.dbt_valid_to ~ ' = ' ~ config.get('dbt_valid_to_current') -%}
    {%- endif -%}
    {%- do statement_of('update ' ~ target ~ ' set ' ~ columns.dbt_valid_to ~ ' = changed.' ~ columns.dbt_valid_to ~ '
        from ' ~ source ~ ' as changed
        where changed.' ~ columns.dbt_scd_id ~ ' = ' ~ target ~ '.' ~ columns.dbt_scd_id ~ "
            and changed.dbt_change_type in ('update', 'delete')
            and (" ~ is_open ~ ')') -%}
    insert into {{ target }} ({{ insert_cols | join(', ') }})
    select {{ insert_cols | join(', ') }}
    from {{ source }}
    where dbt_change_type = 'insert'
{%- endmacro %}


{% macro sqlite__snapshot_get_time() -%}
    {{ utc_now() }}
{%- endmacro %}


{% macro postgres__snapshot_get_time() -%}
    {{ utc_now() }}
{%- endmacro %}


{# dbt-sqlite implements this in Python only; `hard_deletes: new_record` calls the macro. #}
{% macro sqlite__get_columns_in_relation(relation) -%}
    {{ return(adapter.get_columns_in_relation(relation)) }}
{%- endmacro %}
