{# How an incremental model takes in the rows of a build: it adds them up (strategy `add`, see changed_rows.sql), or
   puts them in place of those with the same unique_key, and takes out those that count no more or that it leaves out now. The last statement
   is left for dbt to run. #}
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

{# dbt-sqlite knows this one strategy, whatever it is called. #}
{% macro sqlite_incremental_upsert(tmp_relation, target_relation, unique_key=none, statement_name="main") %}
    {#- Replacing rows here and there in a large table dirties many pages: not one checkpoint each time. -#}
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

{# The keys of all rows that came, went or came back since the model that is being built has read, as selects: what
   it leaves out of its rows now may stand there from before. A load that came and went since has changed nothing. #}
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

{# To the groups of `target`, which may lack them. #}
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
    {#- The index of the groups takes missing values for equal: see index_grain.sql. -#}
    {%- set columns, keys = quoted_names(model.columns), config.get('unique_key') -%}
    {%- set sums = quoted_names(model.columns | reject('in', keys), '{0} = target.{0} + excluded.{0}') -%}
    {%- do statement_of('insert into ' ~ target ~ ' as target (' ~ columns ~ ') select ' ~ columns ~ ' from ' ~ arriving
        ~ ' on conflict (' ~ quoted_names(keys) ~ ') do update set ' ~ sums) -%}
{%- endmacro %}
