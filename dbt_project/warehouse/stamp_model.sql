{# Post-hook: record the model's state in its own transaction: the invocation that built it, the ledger and the entry it
   was built up to, and the code. A run with --empty reads no rows, so it leaves no state. On Spark the state is a
   property of the table; see create_table_as.sql. #}
{% macro stamp_model() %}{{ return(adapter.dispatch('stamp_model')() if execute else '') }}{% endmacro %}
{% macro default__stamp_model() -%}
    {%- if flags.EMPTY -%}
    delete from {{ state_table('dbt_model_states') }} where model = {{ quoted(model.alias) }}
    {%- else -%}
    {%- do note_changes_read() -%}
    {%- set state = dict(state_of_model(), ledger=ledger_at(last_load_id())) -%}
    insert into {{ state_table('dbt_model_states') }} ({{ state | join(', ') }})
    values ({{ literals(state.values()) }})
    on conflict (model) do update set
        invocation_id = excluded.invocation_id, last_load_id = excluded.last_load_id,
        ledger = excluded.ledger, code = excluded.code
    {%- endif -%}
{%- endmacro %}
{% macro spark__stamp_model() %}{% endmacro %}

{% macro state_of_model() -%}
    {{ return({
        'model': model.alias, 'invocation_id': invocation_id, 'last_load_id': last_load_id(), 'code': model_code(),
    }) }}
{%- endmacro %}
{# The time of a ledger entry, which distinguishes it from the entry of the same number in another ledger. #}
{% macro ledger_at(load_id) -%}
    {%- set found = query('select loaded_at from raw.loads where load_id = ' ~ load_id) if load_id else [] -%}
    {{ return(found[0][0] if found | length else '') }}
{%- endmacro %}

{# After a change of its SQL, its columns or any macro of this project a model is built from all rows again. #}
{% macro model_code() %}{{ return(local_md5(model.raw_code ~ model.columns | tojson ~ macros_code())) }}{% endmacro %}
{# Computed once: `graph` lives as long as the parsed files. #}
{% macro macros_code() -%}
    {%- if 'macros_code' not in graph -%}
        {%- set macros = context.values() | selectattr('macro', 'defined') | map(attribute='macro') -%}
        {%- set own = macros | selectattr('package_name', 'equalto', project_name) -%}
        {%- set texts = own | sort(case_sensitive=true, attribute='name') | map(attribute='macro_sql') -%}
        {%- do graph.update({'macros_code': local_md5(texts | join)}) -%}
    {%- endif -%}
    {{ return(graph['macros_code']) }}
{%- endmacro %}

{% macro model_states() %}{{ return(adapter.dispatch('model_states')()) }}{% endmacro %}
{% macro default__model_states() -%}
    {%- set states = [] -%}
    {%- set stored = 'select * from ' ~ state_table('dbt_model_states') ~ ' order by model' -%}
    {%- set rows = query(stored) if has_state('dbt_model_states') else [] -%}
    {%- for row in rows -%}{%- do states.append(row.dict()) -%}{%- endfor -%}
    {{ return(states) }}
{%- endmacro %}
{% macro spark__model_states() -%}
    {%- set states = [] -%}
    {%- for information in known_relations(target.schema).values() -%}
        {%- set state = (property_in(information, 'hiring.state') or '').split(' ') -%}
        {%- if state | length == 4 -%}
            {%- set name, invocation, load_id, code = state -%}
            {%- do states.append(
                {'model': name, 'invocation_id': invocation, 'last_load_id': load_id | int, 'code': code}) -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return(states) }}
{%- endmacro %}

{# The state of a model before this run, or none. #}
{% macro model_state(name) -%}
    {{ return(once('states', model_states) | selectattr('model', 'equalto', name) | first or none) }}
{%- endmacro %}
