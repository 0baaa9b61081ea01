{#
    One dbt run at a time on a warehouse. A run takes the lease when it starts, renews it with
    every model, and gives it back at its end; another run waits until then, or until a run
    that died has not renewed it for half a minute. This is for courtesy: that nothing is
    published which another run has changed is seen to by the stamps, lease or not.
#}
{% macro create_lease_table() -%}
    {%- do create_state_table('dbt_lease', {
        'one': 'integer',
        'invocation_id': 'text',
        'owner': 'text',
        'expires_at': 'real',
    }, ['one']) -%}
{%- endmacro %}


{% macro default__take_lease(patience_seconds=120) -%}
    {%- set leases = state_table('dbt_lease') -%}
    {%- set give_up_at = modules.datetime.datetime.now() + modules.datetime.timedelta(seconds=patience_seconds) -%}
    {%- for _ in range(100000) -%}
        {#- Waiting is reading: a write would get in the way of the run that is at work. -#}
        {%- if query('select 1 from ' ~ leases ~ ' as lease where ' ~ is_of_another('lease')) | length == 0 -%}
            {%- do query('begin') -%}
            {%- do query(renew_lease()) -%}
            {%- do query('commit') -%}
            {%- if query('select invocation_id from ' ~ leases)[0][0] == invocation_id -%}
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
{% macro default__renew_lease() -%}
    insert into {{ state_table('dbt_lease') }} as lease
    values (1, {{ quoted(invocation_id) }}, {{ quoted(env_var('DBT_LEASE_OWNER', 'a terminal')) }}, {{ seconds_now() }} + {{ lease_seconds() }})
    on conflict (one) do update set
        invocation_id = excluded.invocation_id,
        owner = excluded.owner,
        expires_at = excluded.expires_at
    where not ({{ is_of_another('lease') }})
{%- endmacro %}


{# One that ends further ahead than a lease ever lasts is from before the clock was put back. #}
{% macro is_of_another(lease) -%}
    {{ lease }}.invocation_id <> {{ quoted(invocation_id) }}
    and {{ lease }}.expires_at > {{ seconds_now() }}
    and {{ lease }}.expires_at <= {{ seconds_now() }} + {{ lease_seconds() + 1 }}
{%- endmacro %}


{% macro lease_seconds() -%}
    {{ return(30) }}
{%- endmacro %}


{% macro default__give_lease_back() -%}
    {%- do query('begin') -%}
    {%- do query('delete from ' ~ state_table('dbt_lease') ~ ' where invocation_id = ' ~ quoted(invocation_id)) -%}
    {%- do query('commit') -%}
{%- endmacro %}
