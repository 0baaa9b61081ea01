{# Merge the rows of a build into an incremental model: add them up (strategy `add`, see changed_rows.sql), or replace
   the rows with the same unique_key and delete those that no longer count or that the model now leaves out. dbt runs
   the last statement. #}
{% macro take_in(arriving, target) -%}
    {%- if config.get('incremental_strategy') == 'add' -%}
    {%- do add_sums(arriving, target) -%}
    delete from {{ target }} where {{ adapter.quote(config.get('meta').counted_by) }} = 0
    {%- else -%}
    {%- set key = unique_key_columns() | join(', ') -%}
    {%- set keys = ['select ' ~ key ~ ' from ' ~ arriving] + touched_keys() -%}
    {%- set going = '(' ~ key ~ ') in (' ~ keys | join(' union all ') ~ ')' -%}
    {%- if keeps_changes() -%}{%- do keep_changes(arriving, going) -%}{%- endif -%}
    {%- do statement_of('delete from ' ~ target ~ ' where ' ~ going) -%}
    insert into {{ target }} ({{ quoted_names(model.columns) }})
    select {{ quoted_names(model.columns) }} from {{ arriving }}
    {%- endif -%}
{%- endmacro %}

{# dbt-sqlite calls this for every strategy. #}
{% macro sqlite_incremental_upsert(tmp_relation, target_relation, unique_key=none, statement_name="main") %}
    {#- Replacing scattered rows of a large table dirties many pages, too many for a checkpoint each time. -#}
    {%- do query('pragma wal_autocheckpoint = 16000') -%}
    {%- do query('pragma main.journal_size_limit = 67108864') -%}
    {{ take_in(tmp_relation, target_relation) }}
{%- endmacro %}
{% macro postgres__get_incremental_default_sql(arguments) -%}
    {{ return(take_in(arguments['temp_relation'], arguments['target_relation'])) }}
{%- endmacro %}
{% macro get_incremental_add_sql(arguments) -%}
    {{ return(postgres__get_incremental_default_sql(arguments)) }}
{%- endmacro %}

{# Selects of the keys of all rows that were loaded, undone or redone since the current model's last build, because it
   may still hold rows that it now leaves out. A load that was undone before the model read it has changed nothing. #}
{% macro touched_keys() -%}
    {%- set parts, built = [], last_load_id_built() -%}
    {%- set stands = 'load_id <= ' ~ built ~ ' or ' ~ counts_at(last_load_id()) -%}
    {%- set touched = spans_changed_since(built) ~ ' and (' ~ stands ~ ')' -%}
    {%- for source in sources_of_model() -%}
        {%- set uploads = api.Relation.create(schema=source.schema, identifier=source.identifier) -%}
        {%- set keys = [] -%}
        {%- for name in source.config.meta.primary_key -%}
            {%- set column = model.columns[unique_key_columns()[loop.index0]] -%}
            {%- do keys.append('cast(' ~ adapter.quote(name) ~ ' as ' ~ storage_type(column.data_type) ~ ')') -%}
        {%- endfor -%}
        {%- if relation_exists(uploads) -%}
            {%- do parts.append('select ' ~ keys | join(', ') ~ ' from ' ~ rows_of_loads(uploads, touched)) -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return(parts) }}
{%- endmacro %}

{# Add to the groups of `target`, inserting those that are missing. #}
{% macro add_sums(arriving, target) %}{{ return(adapter.dispatch('add_sums')(arriving, target)) }}{% endmacro %}
{% macro default__add_sums(arriving, target) -%}
    {%- set columns, keys = quoted_names(model.columns), config.get('unique_key') -%}
    {%- set sums = quoted_names(model.columns | reject('in', keys), '{0} = target.{0} + arriving.{0}') -%}
    {%- set same_group = quoted_names(keys, 'target.{0} is arriving.{0}', ' and ') -%}
    {%- do statement_of('update ' ~ target ~ ' as target set ' ~ sums ~ ' from ' ~ arriving
        ~ ' as arriving where ' ~ same_group) -%}
    {%- do statement_of('insert into ' ~ target ~ ' (' ~ columns ~ ') select ' ~ columns ~ ' from ' ~ arriving
        ~ ' as arriving where not exists (select 1 from ' ~ target ~ ' as target where ' ~ same_group ~ ')') -%}
{%- endmacro %}
{% macro postgres__add_sums(arriving, target) -%}
    {#- In the index of the groups nulls count as equal; see index_grain.sql. -#}
    {%- set columns, keys = quoted_names(model.columns), config.get('unique_key') -%}
    {%- set sums = quoted_names(model.columns | reject('in', keys), '{0} = target.{0} + excluded.{0}') -%}
    {%- do statement_of('insert into ' ~ target ~ ' as target (' ~ columns ~ ') select ' ~ columns ~ ' from ' ~ arriving
        ~ ' on conflict (' ~ quoted_names(keys) ~ ') do update set ' ~ sums) -%}
{%- endmacro %}
