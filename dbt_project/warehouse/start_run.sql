{# The state of a run: in memory and, except on Spark, in tables beside the models. dbt_runs has one row per run. For
   dbt_results see record_run.sql, for dbt_model_states stamp_model.sql, for the changes keep_changes.sql. #}
{% macro start_run() -%}
    {%- if execute -%}
        {%- do check_defer() -%}
        {%- do prepare_warehouse() -%}
        {%- do take_lease() -%}
        {%- do prepare_run_state() -%}
        {%- set position = ledger_position() -%}
        {%- set run = {
            'invocation_id': invocation_id, 'owner': lease_owner(), 'command': flags.WHICH,
            'is_empty': 1 if flags.EMPTY else 0, 'options': invocation_args_dict.invocation_command,
            'last_load_id': position.last_load_id | int, 'last_request_id': position.last_request_id | int,
            'states': tojson(once('states', model_states)), 'started_at': instant(run_started_at),
        } -%}
        {%- do remember_run(run) -%}
        {%- do known_in_this_run().update({'run': run}) -%}
        {%- do share_nodes_with_unit_tests() -%}
    {%- endif -%}
{%- endmacro %}

{% macro instant(time) %}{{ return(time.strftime('%Y-%m-%dT%H:%M:%S.%f')[:-3] ~ 'Z') }}{% endmacro %}
{% macro ledger_position() -%}
    {{ return(query('select ' ~ newest('loads', 'load_id') ~ ' as last_load_id, '
        ~ newest('build_requests', 'request_id') ~ ' as last_request_id')[0].dict()) }}
{%- endmacro %}

{# The newest entry, 0 before the API has ever run. #}
{% macro newest(table, column) -%}
    {%- set ledger = api.Relation.create(schema='raw', identifier=table) -%}
    {{ return('(select coalesce(max(' ~ column ~ '), 0) from ' ~ ledger ~ ')' if relation_exists(ledger) else 0) }}
{%- endmacro %}

{# The last ledger entry that this run reads, fixed at its start. `dbt show` and `dbt compile` start no run. #}
{% macro last_load_id() %}{{ return((this_run() or ledger_position()).last_load_id if execute else 0) }}{% endmacro %}
{% macro this_run() %}{{ return(known_in_this_run().get('run')) }}{% endmacro %}

{# A cache of this invocation. It is in `graph`, which all macros share and which outlives the invocation. #}
{% macro known_in_this_run() -%}
    {%- if 'known' not in graph or graph['known'].invocation_id != invocation_id -%}
        {%- do graph.update({'known': {'invocation_id': invocation_id}}) -%}
    {%- endif -%}
    {{ return(graph['known']) }}
{%- endmacro %}
{% macro once(question, answer) -%}
    {%- set known = known_in_this_run() -%}
    {%- if question not in known -%}{%- do known.update({question: answer(*varargs)}) -%}{%- endif -%}
    {{ return(known[question]) }}
{%- endmacro %}
{% macro state_table(name) %}{{ return(target.schema ~ '.' ~ name) }}{% endmacro %}
{% macro has_state(name) %}{{ return(relation_exists(api.Relation.create(none, target.schema, name))) }}{% endmacro %}
{% macro create_state_table(name, types, key) -%}
    {%- do query('create table if not exists ' ~ state_table(name) ~ ' ' ~ table_shape(types, key)) -%}
{%- endmacro %}

{% macro prepare_run_state() %}{{ return(adapter.dispatch('prepare_run_state')()) }}{% endmacro %}
{% macro default__prepare_run_state() -%}
    {%- for name, column in {'dbt_model_states': 'ledger', 'dbt_runs': 'finished_at'}.items() if has_state(name) -%}
        {#- Tables of earlier versions are created again. -#}
        {%- set columns = run_query('select * from ' ~ state_table(name) ~ ' limit 0').column_names -%}
        {%- if column not in columns -%}{%- do query('drop table ' ~ state_table(name)) -%}{%- endif -%}
    {%- endfor -%}
    {%- set run, version = {'invocation_id': 'text'}, {'model': 'text', 'version': 'integer'} -%}
    {%- do create_state_table('dbt_runs', dict(run, number='integer', owner='text', command='text', is_empty='integer',
        options='text', last_load_id='integer', last_request_id='integer', states='text', started_at='text',
        finished_at='text', nodes='text', macros='text'), ['invocation_id']) -%}
    {%- do create_state_table('dbt_results', dict(run, unique_id='text', status='text', message='text',
        failures='integer', seconds='real', failing_rows='text'), ['invocation_id', 'unique_id']) -%}
    {%- do create_state_table('dbt_model_states', dict(run, model='text', last_load_id='integer', ledger='text',
        code='text'), ['model']) -%}
    {%- do create_state_table('dbt_changes', dict(version, kept_after='integer'), ['model']) -%}
    {%- do create_state_table('dbt_changes_read', dict({'reader': 'text'}, **version), ['reader', 'model']) -%}
{%- endmacro %}
{% macro postgres__prepare_run_state() -%}
    {#- dbt listed the tables before it waited for the lease; another run may have created some since. -#}
    {%- for row in query('select tablename from pg_tables where schemaname = ' ~ quoted(target.schema) ~ ' order by 1') -%}
        {%- do adapter.cache_added(api.Relation.create(target.database, target.schema, row[0], type='table')) -%}
    {%- endfor -%}
    {%- do default__prepare_run_state() -%}
{%- endmacro %}
{% macro spark__prepare_run_state() %}{% endmacro %}

{# Record a run when it begins, and keep the last thousand; on Spark only the position, which tests query. #}
{% macro remember_run(run) %}{{ return(adapter.dispatch('remember_run')(run)) }}{% endmacro %}
{% macro default__remember_run(run) -%}
    {%- set runs = state_table('dbt_runs') -%}
    {%- do transaction([
        'delete from ' ~ runs ~ ' where number <= (select max(number) - 1000 from ' ~ runs ~ ')',
        'insert into ' ~ runs ~ ' (number, ' ~ run | join(', ') ~ ') select coalesce(max(number), 0) + 1, '
            ~ literals(run.values()) ~ ' from ' ~ runs,
    ]) -%}
{%- endmacro %}
{% macro spark__remember_run(run) -%}
    {%- set position = 'select ' ~ run.last_load_id ~ ' as last_load_id' -%}
    {%- do query('create or replace view ' ~ state_table('dbt_run') ~ ' as ' ~ position) -%}
{%- endmacro %}
