{#
    One dbt run at a time on a warehouse. A run takes the lease when it starts, renews it with
    every model, and gives it back at its end; another run waits until then, or until a run
    that died has not renewed it for half a minute. This is for courtesy: that nothing is
    published which another run has changed is seen to by the stamps, lease or not.
#}
{% macro take_lease(patience_seconds=120) -%}
    {%- do query('create table if not exists dbt_lease (
        one integer primary key check (one = 1),
        invocation_id text not null,
        owner text not null,
        expires_at real not null
    ) strict') -%}
    {%- set give_up_at = modules.datetime.datetime.now() + modules.datetime.timedelta(seconds=patience_seconds) -%}
    {%- for _ in range(100000) -%}
        {#- Waiting is reading: a write would get in the way of the run that is at work. -#}
        {%- if query(lease_of_another_sql()) | length == 0 -%}
            {%- do query('begin') -%}
            {%- do query(lease_sql()) -%}
            {%- do query('commit') -%}
            {%- if query('select invocation_id from dbt_lease')[0][0] == invocation_id -%}
                {%- break -%}
            {%- endif -%}
        {%- endif -%}
        {%- if modules.datetime.datetime.now() > give_up_at -%}
            {%- do exceptions.raise_compiler_error('Not begun: another dbt run is still at work on this warehouse after ' ~ patience_seconds ~ ' s.') -%}
        {%- endif -%}
        {%- do pause() -%}
    {%- endfor -%}
{%- endmacro %}


{# Takes the lease where it is free or ours: one statement, so only one run gets it. #}
{% macro lease_sql() -%}
    insert or replace into dbt_lease
    select 1, {{ quoted(invocation_id) }}, {{ quoted(env_var('DBT_LEASE_OWNER', 'a terminal')) }}, {{ seconds_from_now(lease_seconds()) }}
    where not exists ({{ lease_of_another_sql() }})
{%- endmacro %}


{% macro lease_of_another_sql() -%}
    select 1
    from dbt_lease
    where invocation_id <> {{ quoted(invocation_id) }}
        and expires_at > {{ seconds_from_now(0) }}
        {#- Further ahead than a lease ever lasts: it is from before the clock was put back. #}
        and expires_at <= {{ seconds_from_now(lease_seconds() + 1) }}
{%- endmacro %}


{% macro lease_seconds() -%}
    {{ return(30) }}
{%- endmacro %}


{% macro give_lease_back() -%}
    {%- do query('begin') -%}
    {%- do query('delete from dbt_lease where invocation_id = ' ~ quoted(invocation_id)) -%}
    {%- do query('commit') -%}
{%- endmacro %}


{% macro seconds_from_now(seconds) -%}
    {{ return("(julianday('now') * 86400.0 + " ~ seconds ~ ")") }}
{%- endmacro %}


{# Jinja cannot sleep: let the database count for some hundredths of a second. #}
{% macro pause() -%}
    {%- do query('with recursive ticks (n) as (select 1 union all select n + 1 from ticks where n < 300000) select max(n) from ticks') -%}
{%- endmacro %}
