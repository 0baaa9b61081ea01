{# One dbt run at a time: a run takes the lease when it starts, renews it with every model and releases it at its end.
   Another run waits until then, or until the lease of a run that died expires after half a minute. The lease only
   saves work: the states of the models keep a run from publishing what another has changed. #}
{% macro take_lease(patience_seconds=120) -%}
    {%- if not wait_for(claim_lease, patience_seconds) -%}
        {%- do exceptions.raise_compiler_error(
            'Not begun: another dbt run is still at work on this warehouse after ' ~ patience_seconds ~ ' s.') -%}
    {%- endif -%}
{%- endmacro %}
{# Call a macro until it returns something, at most so long. #}
{% macro wait_for(answer, patience_seconds) -%}
    {%- set give_up_at = seconds_here() + patience_seconds -%}
    {%- for _ in range(100000) -%}
        {%- set found = answer() -%}
        {%- if found or seconds_here() > give_up_at -%}{{ return(found) }}{%- endif -%}
        {%- do pause() -%}
    {%- endfor -%}
{%- endmacro %}
{# Wait some hundredths of a second in the database, because Jinja cannot sleep. Any query takes Spark that long. #}
{% macro pause() %}{{ return(adapter.dispatch('pause')()) }}{% endmacro %}
{% macro sqlite__pause() -%}
    {%- set ticks = 'with recursive ticks (n) as (select 1 union all select n + 1 from ticks where n < 300000)' -%}
    {%- do query(ticks ~ ' select max(n) from ticks') -%}
{%- endmacro %}
{% macro postgres__pause() %}{% do query('select 1 from pg_sleep(0.05)') %}{% endmacro %}
{% macro spark__pause() %}{% do query('select 1') %}{% endmacro %}
{% macro now_here() %}{{ return(modules.datetime.datetime.now(modules.pytz.utc)) }}{% endmacro %}
{% macro seconds_here() %}{{ return(now_here().timestamp()) }}{% endmacro %}
{# Not PostgreSQL's now(), which is constant during a transaction. #}
{% macro seconds_now() %}{{ return(adapter.dispatch('seconds_now')()) }}{% endmacro %}
{% macro default__seconds_now() %}julianday('now') * 86400.0{% endmacro %}
{% macro postgres__seconds_now() %}cast(extract(epoch from clock_timestamp()) as double precision){% endmacro %}
{% macro lease_owner() %}{{ return(env_var('DBT_LEASE_OWNER', 'a terminal')) }}{% endmacro %}
{% macro lease_seconds() %}{{ return(30) }}{% endmacro %}
{% macro create_lease_table() -%}
    {%- do create_state_table('dbt_lease',
        {'one': 'integer', 'invocation_id': 'text', 'owner': 'text', 'expires_at': 'real'}, ['one']) -%}
{%- endmacro %}

{% macro claim_lease() %}{{ return(adapter.dispatch('claim_lease')()) }}{% endmacro %}
{% macro default__claim_lease() -%}
    {#- Only read while waiting: a write would block the run that holds the lease. -#}
    {%- if query('select 1 from ' ~ state_table('dbt_lease') ~ ' as lease where ' ~ is_of_another()) | length -%}
        {{ return(false) }}
    {%- endif -%}
    {%- do transaction([renew_lease()]) -%}
    {{ return(query('select invocation_id from ' ~ state_table('dbt_lease'))[0][0] == invocation_id) }}
{%- endmacro %}

{# Post-hook: renew the lease. One statement takes it if it is free or ours, so that only one run gets it. #}
{% macro renew_lease() %}{{ return(adapter.dispatch('renew_lease')()) }}{% endmacro %}
{% macro default__renew_lease() -%}
    insert into {{ state_table('dbt_lease') }} as lease
    values (1, {{ literals([invocation_id, lease_owner()]) }}, {{ seconds_now() }} + {{ lease_seconds() }})
    on conflict (one) do update set
        invocation_id = excluded.invocation_id, owner = excluded.owner, expires_at = excluded.expires_at
    where not ({{ is_of_another() }})
{%- endmacro %}
{# A lease that ends later than any lease taken now could is from before the clock was set back, and void. #}
{% macro is_of_another() -%}
    lease.invocation_id <> {{ quoted(invocation_id) }} and lease.expires_at > {{ seconds_now() }}
    and lease.expires_at <= {{ seconds_now() }} + {{ lease_seconds() + 1 }}
{%- endmacro %}

{% macro give_lease_back() %}{{ return(adapter.dispatch('give_lease_back')()) }}{% endmacro %}
{% macro default__give_lease_back() -%}
    {%- set ours = ' where invocation_id = ' ~ quoted(invocation_id) -%}
    {%- do transaction(['delete from ' ~ state_table('dbt_lease') ~ ours]) -%}
{%- endmacro %}

{# On Spark the lease is a property of the schema: `INVOCATION SECONDS OWNER`, or `nobody`. If two runs take it at once,
   both then read the later one's. The builder, of which there is one, takes over the lease of its predecessor. #}
{% macro spark__claim_lease() -%}
    {%- set lease = current_lease().split(' ', 2) -%}
    {%- set is_mine = lease[0] == invocation_id or lease_owner() != 'a terminal' and lease[-1] == lease_owner() -%}
    {%- set lasts = 0 if lease | length < 3 else lease[1] | float - seconds_here() -%}
    {%- if is_mine or lasts <= 0 or lasts > lease_seconds() + 1 -%}
        {%- do query(renew_lease()) -%}
        {{ return(current_lease().split(' ')[0] == invocation_id) }}
    {%- endif -%}
{%- endmacro %}
{% macro spark__renew_lease() -%}
    {{ return(lease_sql(invocation_id ~ ' ' ~ (seconds_here() + lease_seconds()) ~ ' ' ~ lease_owner())) }}
{%- endmacro %}
{% macro spark__give_lease_back() -%}
    {%- if current_lease().split(' ')[0] == invocation_id -%}{%- do query(lease_sql('nobody')) -%}{%- endif -%}
{%- endmacro %}
{% macro lease_sql(text) -%}
    {{ return('alter schema ' ~ target.schema ~ " set dbproperties ('hiring.lease' = " ~ quoted(text) ~ ')') }}
{%- endmacro %}
{% macro current_lease() -%}
    {%- set properties = query('describe schema extended ' ~ target.schema) | map(attribute=1) | join('\n') -%}
    {%- set found = modules.re.search('\\(hiring\\.lease,([^)]*)\\)', properties) -%}
    {{ return(found.group(1) if found else 'nobody') }}
{%- endmacro %}
