{# The incremental models of dbt-sqlite, and the parts of theirs that SQLite has its own SQL for. #}

{# dbt-sqlite knows this one strategy, whatever it is called. #}
{% macro sqlite_incremental_upsert(tmp_relation, target_relation, unique_key=none, statement_name="main") %}
    {#- Replacing rows here and there in a large table dirties many pages: not one checkpoint each time. -#}
    {%- do query('pragma wal_autocheckpoint = 16000') -%}
    {%- do query('pragma main.journal_size_limit = 67108864') -%}
    {{ take_in(tmp_relation, target_relation) }}
{%- endmacro %}


{% macro sqlite__add_sums(arriving, target) -%}
    {%- set keys = config.get('unique_key') -%}
    {%- set same_group = [] -%}
    {%- for key in keys -%}
        {%- do same_group.append('target.' ~ key | tojson ~ ' is arriving.' ~ key | tojson) -%}
    {%- endfor -%}
    {%- set same_group = same_group | join(' and ') -%}
    {%- set sums = [] -%}
    {%- for column in model.columns.values() if column.name not in keys -%}
        {%- set name = column.name | tojson -%}
        {%- do sums.append(name ~ ' = target.' ~ name ~ ' + arriving.' ~ name) -%}
    {%- endfor -%}
    {%- set columns = column_names(model.columns.values()) -%}
    {%- do statement_of('update ' ~ target ~ ' as target set ' ~ sums | join(', ') ~ ' from ' ~ arriving ~ ' as arriving where ' ~ same_group) -%}
    {%- do statement_of('insert into ' ~ target ~ ' (' ~ columns ~ ') select ' ~ columns ~ ' from ' ~ arriving ~ ' as arriving
        where not exists (select 1 from ' ~ target ~ ' as target where ' ~ same_group ~ ')') -%}
{%- endmacro %}
