{#
    What dbt remembers about its own work, in two tables beside the models:

    dbt_runs          one row per invocation: how far into the ledger it reads
    dbt_model_states  one row per model: which invocation last built it, from how much of
                      the ledger, when that was written, from which code; written in the
                      model's own transaction
#}
{% macro start_run() %}
    {%- if execute -%}
    {%- do require_spans() -%}
    {%- do prepare_databases() -%}
    {%- do take_lease() -%}
    {%- do query('create table if not exists dbt_runs (
        invocation_id text primary key,
        last_load_id integer not null,
        last_request_id integer not null,
        built_by text
    ) strict') -%}
    {#- Of earlier versions nothing is built upon. -#}
    {%- if query("select 1 from sqlite_master where name = 'dbt_model_states' and sql not like '%ledger%'") | length -%}
        {%- do query('drop table dbt_model_states') -%}
    {%- endif -%}
    {%- do query('create table if not exists dbt_model_states (
        model text primary key,
        invocation_id text not null,
        last_load_id integer not null,
        ledger text not null,
        code text not null
    ) strict') -%}
    {%- do create_change_tables() -%}
    {%- do query('begin') -%}
    {%- do query("delete from dbt_runs where rowid <= (select max(rowid) - 1000 from dbt_runs)") -%}
    {%- do query("insert or replace into dbt_runs values ("
        ~ quoted(invocation_id) ~ ", " ~ newest('loads', 'load_id') ~ ", "
        ~ newest('build_requests', 'request_id') ~ ", " ~ (quoted(builder_of_models()) or 'null') ~ ")") -%}
    {%- do query('commit') -%}
    {%- endif -%}
{% endmacro %}


{# The highest number in a table of the ledger; 0 before the API has ever run. #}
{% macro newest(table, column) -%}
    {%- set ledger = api.Relation.create(schema='raw', identifier=table) -%}
    {%- if relation_exists(ledger) -%}
    (select coalesce(max({{ column }}), 0) from {{ ledger }})
    {%- else -%}
    0
    {%- endif -%}
{%- endmacro %}


{# When an entry of the ledger was written: tells it from one of the same number in another. #}
{% macro ledger_at(load_id) -%}
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
    {{ return(run.last_load_id if run else query('select ' ~ newest('loads', 'load_id'))[0][0]) }}
{%- endmacro %}


{# What this invocation wrote down when it started; none under `dbt show` and `dbt compile`. #}
{% macro this_run() -%}
    {{ return(asked_once('dbt_runs', 'invocation_id', invocation_id)) }}
{%- endmacro %}


{#
    The row of a key in one of the two tables, or none; looked up once in each invocation,
    which asks for it many times and changes it last of all.
#}
{% macro asked_once(table, column, key) -%}
    {%- set known = known_in_this_run() -%}
    {%- set question = table ~ '.' ~ key -%}
    {%- if question in known -%}
        {{ return(known[question]) }}
    {%- endif -%}
    {%- set row = none -%}
    {%- if relation_exists(api.Relation.create(schema=target.schema, identifier=table)) -%}
        {%- set row = only_row('select * from ' ~ table ~ ' where ' ~ column ~ ' = ' ~ quoted(key)) -%}
    {%- endif -%}
    {#- That there is none yet may change. -#}
    {%- if row is not none -%}
        {%- do known.update({question: row.dict()}) -%}
    {%- endif -%}
    {{ return(row) }}
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


{# The remembered state of a model, or none when it has to be built from all its rows. #}
{% macro model_state(name) -%}
    {{ return(asked_once('dbt_model_states', 'model', name)) }}
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
    delete from dbt_model_states where model = {{ quoted(model.name) }}
    {%- elif execute -%}
    {%- do note_changes_read() -%}
    insert or replace into dbt_model_states
    values (
        {{ quoted(model.name) }},
        {{ quoted(invocation_id) }},
        {{ last_load_id() }},
        {{ quoted(ledger_at(last_load_id())) }},
        {{ quoted(model_code()) }}
    )
    {%- endif -%}
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


{% macro needs_all_rows() -%}
    {%- set state = model_state(model.name) -%}
    {{ return(state is none or state.last_load_id == 0 or state.code != model_code()
        or state.ledger != ledger_at(state.last_load_id)
        or not finds_its_changes(model) or is_mostly_changed(model, state.last_load_id)) }}
{%- endmacro %}


{# The one invocation that built every model there is now, or none when several did. #}
{% macro builder_of_models() -%}
    {%- set models = graph.nodes.values() | selectattr('resource_type', 'equalto', 'model') | map(attribute='name') | list -%}
    {%- set states = query("select model, invocation_id from dbt_model_states") | list -%}
    {%- set builders = [] -%}
    {%- for name in models -%}
        {%- set state = states | selectattr('model', 'equalto', name) | list -%}
        {%- do builders.append(state[0].invocation_id if state else none) -%}
    {%- endfor -%}
    {{ return(builders[0] if builders | unique | list | length == 1 else none) }}
{%- endmacro %}
