{#
    What dbt remembers of its own work. A run keeps it in memory; how far it reads stands in
    a view besides, for tests. What a model was built from is a property of its table, see
    create_table_as.sql. The lease is properties of the schema of the models.
#}
{% macro spark__prepare_run_state() -%}
    {{ return('') }}
{%- endmacro %}


{% macro spark__remember_run(position) -%}
    {%- do known_in_this_run().update({'run': facts_of_run(position)}) -%}
    {%- do query('create or replace view ' ~ state_table('dbt_run') ~ ' as select ' ~ position.last_load_id ~ ' as last_load_id') -%}
{%- endmacro %}


{% macro spark__remembered_run(id) -%}
    {{ return(none) }}
{%- endmacro %}


{% macro spark__last_load_id_in_sql() -%}
    {{ return('(select last_load_id from ' ~ state_table('dbt_run') ~ ')') }}
{%- endmacro %}


{# Each build reads the whole ledger: which one it was is not asked. #}
{% macro spark__ledger_at(load_id) -%}
    {{ return('') }}
{%- endmacro %}


{% macro text_of_state(state) -%}
    {{ return([state.model, state.invocation_id, state.last_load_id, state.code] | join(' ')) }}
{%- endmacro %}


{% macro spark__model_states() -%}
    {%- set states = [] -%}
    {%- for information in known_relations(target.schema).values() -%}
        {%- set state = (property_in(information, 'hiring.state') or '').split(' ') -%}
        {%- if state | length == 4 -%}
            {%- do states.append({
                'model': state[0],
                'invocation_id': state[1],
                'last_load_id': state[2] | int,
                'ledger': '',
                'code': state[3],
            }) -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return(states) }}
{%- endmacro %}


{% macro spark__remember_model(state) -%}
    {{ return('') }}
{%- endmacro %}


{% macro spark__forget_model() -%}
    {{ return('') }}
{%- endmacro %}


{#
    Two that take it at the same moment both see, when they look again, the later one's. The
    builder, which is alone, does not wait for the lease of one that died.
#}
{% macro spark__take_lease(patience_seconds=120) -%}
    {%- set give_up_at = seconds_here() + patience_seconds -%}
    {%- for _ in range(100000) -%}
        {%- if not lease_of_another() -%}
            {%- do query(renew_lease()) -%}
            {%- if current_lease().split(' ')[0] == invocation_id -%}
                {%- break -%}
            {%- endif -%}
        {%- endif -%}
        {%- if seconds_here() > give_up_at -%}
            {%- do exceptions.raise_compiler_error('Not begun: another dbt run is still at work on this warehouse after ' ~ patience_seconds ~ ' s.') -%}
        {%- endif -%}
        {%- do pause() -%}
    {%- endfor -%}
{%- endmacro %}


{% macro spark__renew_lease() -%}
    {{ return(lease_sql(invocation_id ~ ' ' ~ (seconds_here() + lease_seconds()) ~ ' ' ~ lease_owner())) }}
{%- endmacro %}


{% macro spark__give_lease_back() -%}
    {%- if current_lease().split(' ')[0] == invocation_id -%}
        {%- do query(lease_sql('nobody')) -%}
    {%- endif -%}
{%- endmacro %}


{% macro lease_sql(text) -%}
    {{ return('alter schema ' ~ target.schema ~ " set dbproperties ('hiring.lease' = " ~ quoted(text) ~ ')') }}
{%- endmacro %}


{# Who has it and until when: `INVOCATION SECONDS OWNER`, or `nobody`. #}
{% macro current_lease() -%}
    {%- set told = answer_of('describe schema extended ' ~ target.schema) | map(attribute=1) | join('\n') -%}
    {%- set found = modules.re.search('\\(hiring\\.lease,([^)]*)\\)', told) -%}
    {{ return(found.group(1) if found else 'nobody') }}
{%- endmacro %}


{% macro lease_of_another() -%}
    {%- set lease = current_lease().split(' ', 2) -%}
    {%- set is_mine = lease[0] == invocation_id or lease_owner() != 'a terminal' and lease[-1] == lease_owner() -%}
    {%- set lasts = 0 if lease | length < 3 else lease[1] | float - seconds_here() -%}
    {#- Further ahead than a lease ever lasts: it is from before a clock was put back. -#}
    {{ return(not is_mine and lasts > 0 and lasts <= lease_seconds() + 1) }}
{%- endmacro %}


{% macro lease_owner() -%}
    {{ return(env_var('DBT_LEASE_OWNER', 'a terminal')) }}
{%- endmacro %}


{% macro seconds_here() -%}
    {{ return(modules.datetime.datetime.now(modules.pytz.utc).timestamp()) }}
{%- endmacro %}


{% macro spark__seconds_now() -%}
    {{ return('cast(current_timestamp() as double)') }}
{%- endmacro %}


{# Any question takes Spark that long. #}
{% macro spark__pause() -%}
    {%- do query('select 1') -%}
{%- endmacro %}
