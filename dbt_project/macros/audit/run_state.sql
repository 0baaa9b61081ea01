{#
    What dbt remembers about its own work. Where an engine has nothing better for it, in
    tables beside the models:

    dbt_runs          one row per invocation: how far into the ledger it reads
    dbt_model_states  one row per model: which invocation last built it, from how much of
                      the ledger, when that was written, from which code; written in the
                      model's own transaction
#}
{% macro start_run() %}
    {%- if execute -%}
    {%- do refuse_to_defer() -%}
    {%- do prepare_warehouse() -%}
    {%- do take_lease() -%}
    {%- do prepare_run_state() -%}
    {%- do remember_run(ledger_position()) -%}
    {%- do share_nodes_with_unit_tests() -%}
    {%- endif -%}
{% endmacro %}


{% macro state_table(name) -%}
    {{ return(target.schema ~ '.' ~ name) }}
{%- endmacro %}


{% macro create_state_table(name, types, key) -%}
    {%- do query('create table if not exists ' ~ state_table(name) ~ ' ' ~ table_shape(types, key)) -%}
{%- endmacro %}


{% macro default__prepare_run_state() -%}
    {%- do create_state_table('dbt_runs', {
        'invocation_id': 'text',
        'number': 'integer',
        'owner': 'text',
        'command': 'text',
        'is_empty': 'integer',
        'options': 'text',
        'last_load_id': 'integer',
        'last_request_id': 'integer',
        'states': 'text',
        'started_at': 'text',
        'finished_at': 'text',
        'nodes': 'text',
        'macros': 'text',
    }, ['invocation_id']) -%}
    {%- do create_state_table('dbt_results', {
        'invocation_id': 'text',
        'unique_id': 'text',
        'status': 'text',
        'message': 'text',
        'failures': 'integer',
        'seconds': 'real',
        'failing_rows': 'text',
    }, ['invocation_id', 'unique_id']) -%}
    {%- do create_state_table('dbt_model_states', {
        'model': 'text',
        'invocation_id': 'text',
        'last_load_id': 'integer',
        'ledger': 'text',
        'code': 'text',
    }, ['model']) -%}
    {%- do create_change_tables() -%}
{%- endmacro %}


{# The last thousand runs are kept. #}
{% macro default__remember_run(position) -%}
    {%- set runs = state_table('dbt_runs') -%}
    {%- set run = facts_of_run(position) -%}
    {%- do query('begin') -%}
    {%- do query('delete from ' ~ runs ~ ' where number <= (select max(number) - 1000 from ' ~ runs ~ ')') -%}
    {%- do query('insert into ' ~ runs ~ ' (number, ' ~ run | join(', ') ~ ') select coalesce(max(number), 0) + 1, ' ~ literals(run.values()) ~ ' from ' ~ runs) -%}
    {%- do query('commit') -%}
{%- endmacro %}


{% macro default__remembered_run(id) -%}
    {%- set run = none -%}
    {%- if relation_exists(api.Relation.create(schema=target.schema, identifier='dbt_runs')) -%}
        {%- set run = only_row('select * from ' ~ state_table('dbt_runs') ~ ' where invocation_id = ' ~ quoted(id)) -%}
    {%- endif -%}
    {{ return(run.dict() if run is not none else none) }}
{%- endmacro %}


{% macro default__last_load_id_in_sql() -%}
    {{ return('(select last_load_id from ' ~ state_table('dbt_runs') ~ ' order by number desc limit 1)') }}
{%- endmacro %}


{% macro default__ledger_position() -%}
    {{ return(only_row('select ' ~ newest('loads', 'load_id') ~ ' as last_load_id, '
        ~ newest('build_requests', 'request_id') ~ ' as last_request_id').dict()) }}
{%- endmacro %}


{# The highest number in a table of the ledger; 0 before the API has ever run. #}
{% macro newest(table, column) -%}
    {%- set ledger = api.Relation.create(schema='raw', identifier=table) -%}
    {%- if relation_exists(ledger) -%}
    (select coalesce(max({{ column }}), 0) from {{ ledger }})
    {%- else -%}
    0
    {%- endif -%}
{%- endmacro %}


{% macro default__ledger_at(load_id) -%}
    {%- set found = [] -%}
    {%- if load_id -%}
        {%- set found = query('select loaded_at from raw.loads where load_id = ' ~ load_id) -%}
    {%- endif -%}
    {{ return(found[0][0] if found | length else '') }}
{%- endmacro %}


{# How far into the ledger this run reads: fixed when it starts, the same for every model. #}
{% macro last_load_id() -%}
    {%- if not execute -%}
        {{ return(0) }}
    {%- endif -%}
    {%- set run = this_run() -%}
    {{ return(run.last_load_id if run else ledger_position().last_load_id) }}
{%- endmacro %}


{#
    What this invocation wrote down when it started; none under `dbt show` and `dbt compile`.
    Looked up once: it is asked for many times.
#}
{% macro this_run() -%}
    {%- set known = known_in_this_run() -%}
    {%- if 'run' not in known -%}
        {%- set run = remembered_run(invocation_id) -%}
        {#- That there is none yet may change. -#}
        {%- if run is none -%}
            {{ return(none) }}
        {%- endif -%}
        {%- do known.update({'run': run}) -%}
    {%- endif -%}
    {{ return(known['run']) }}
{%- endmacro %}


{# What macros have found out in this invocation; `graph` is what they share, and outlives it. #}
{% macro known_in_this_run() -%}
    {%- if 'known' not in graph or graph['known'].invocation_id != invocation_id -%}
        {%- do graph.update({'known': {'invocation_id': invocation_id}}) -%}
    {%- endif -%}
    {{ return(graph['known']) }}
{%- endmacro %}


{# Whether the sample stands in for uploads: only while nothing was ever loaded. #}
{% macro uses_sample() -%}
    {{ return(last_load_id() == 0) }}
{%- endmacro %}


{# What a model was built from before this run, or none when nothing is remembered of it. #}
{% macro model_state(name) -%}
    {%- set known = known_in_this_run() -%}
    {%- set question = 'state.' ~ name -%}
    {%- if question not in known -%}
        {%- do known.update({question: model_states() | selectattr('model', 'equalto', name) | first or none}) -%}
    {%- endif -%}
    {{ return(known[question]) }}
{%- endmacro %}


{% macro default__model_states() -%}
    {%- set states = [] -%}
    {%- if relation_exists(api.Relation.create(schema=target.schema, identifier='dbt_model_states')) -%}
        {%- for row in query('select * from ' ~ state_table('dbt_model_states')) -%}
            {%- do states.append(row.dict()) -%}
        {%- endfor -%}
    {%- endif -%}
    {{ return(states) }}
{%- endmacro %}


{#
    A fingerprint of what a model is made from: its SQL, its columns and every macro of this
    project. A change of it builds an incremental model from all its rows again.
#}
{% macro model_code() -%}
    {{ return(local_md5(model.raw_code ~ model.columns | tojson ~ macros_code())) }}
{%- endmacro %}


{# Worked out once: `graph` lives as long as the parsed files do. #}
{% macro macros_code() -%}
    {%- if 'macros_code' not in graph -%}
        {%- set parts = [] -%}
        {%- for name in context | sort if context[name].macro is defined and context[name].macro.package_name == project_name -%}
            {%- do parts.append(context[name].macro.macro_sql) -%}
        {%- endfor -%}
        {%- do graph.update({'macros_code': local_md5(parts | join)}) -%}
    {%- endif -%}
    {{ return(graph['macros_code']) }}
{%- endmacro %}


{#
    Post-hook: remember, in the model's own transaction, what it now holds. A run with --empty
    reads no rows, so it leaves nothing to build upon.
#}
{% macro stamp_model() -%}
    {%- if execute and flags.EMPTY -%}
    {{ forget_model() }}
    {%- elif execute -%}
    {{ remember_model(state_of_model()) }}
    {%- endif -%}
{%- endmacro %}


{# What the model that is being built is made from. #}
{% macro state_of_model() -%}
    {{ return({
        'model': model.name,
        'invocation_id': invocation_id,
        'last_load_id': last_load_id(),
        'ledger': ledger_at(last_load_id()),
        'code': model_code(),
    }) }}
{%- endmacro %}


{% macro default__remember_model(state) -%}
    {%- do note_changes_read() -%}
    insert into {{ state_table('dbt_model_states') }} (model, invocation_id, last_load_id, ledger, code)
    values (
        {{ quoted(state.model) }},
        {{ quoted(state.invocation_id) }},
        {{ state.last_load_id }},
        {{ quoted(state.ledger) }},
        {{ quoted(state.code) }}
    )
    on conflict (model) do update set
        invocation_id = excluded.invocation_id,
        last_load_id = excluded.last_load_id,
        ledger = excluded.ledger,
        code = excluded.code
{%- endmacro %}


{% macro default__forget_model() -%}
    delete from {{ state_table('dbt_model_states') }} where model = {{ quoted(model.name) }}
{%- endmacro %}


{#
    dbt's own question, answered from what the model remembers: build it from all its rows
    when that was asked for, when its code changed, when it still holds the sample, when it
    adds up changes that are not all there, when more rows have changed than stayed, or when
    the ledger is not the one that it was built from.
#}
{% macro should_full_refresh() -%}
    {%- set asked = config.get('full_refresh') -%}
    {%- if asked is none -%}
        {%- set asked = flags.FULL_REFRESH -%}
    {%- endif -%}
    {%- if asked or not execute -%}
        {{ return(asked) }}
    {%- endif -%}
    {%- if config.get('materialized') != 'incremental' -%}
        {{ return(false) }}
    {%- endif -%}
    {#- Asked five times while a model is built; the answer is looked up once. -#}
    {%- set known = known_in_this_run() -%}
    {%- set question = 'all rows.' ~ model.name -%}
    {%- if question not in known -%}
        {%- do known.update({question: needs_all_rows()}) -%}
    {%- endif -%}
    {{ return(known[question]) }}
{%- endmacro %}


{% macro default__needs_all_rows() -%}
    {%- set state = model_state(model.name) -%}
    {{ return(state is none or state.last_load_id == 0 or state.code != model_code()
        or state.ledger != ledger_at(state.last_load_id)
        or not finds_its_changes(model) or is_mostly_changed(model, state.last_load_id)) }}
{%- endmacro %}


{# What is known of a run when it begins. #}
{% macro facts_of_run(position) -%}
    {{ return({
        'invocation_id': invocation_id,
        'owner': env_var('DBT_LEASE_OWNER', 'a terminal'),
        'command': flags.WHICH,
        'is_empty': 1 if flags.EMPTY else 0,
        'options': invocation_args_dict.invocation_command,
        'last_load_id': position.last_load_id | int,
        'last_request_id': position.last_request_id | int,
        'states': tojson(model_states()),
        'started_at': instant(run_started_at),
    }) }}
{%- endmacro %}
