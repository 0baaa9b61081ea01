{#
    After a run: publish the marts when all of them were built and audited, keep the last
    good ones when something failed, and record either. A run that was not the whole audit
    publishes nothing and says so.
#}
{% macro finish_run(results) %}
    {#- A run that never got to begin has nothing to tell. -#}
    {%- if execute and this_run() -%}
        {%- if target.name != 'dev' and flags.WHICH in ('build', 'run', 'test') -%}
            {%- do publish_or_tell(results) -%}
        {%- endif -%}
        {%- do give_lease_back() -%}
    {%- endif -%}
{% endmacro %}


{% macro publish_or_tell(dbt_results) -%}
    {%- set results = (dbt_results | list) + compiled_audit(dbt_results) -%}
    {%- set gap = gap_in_audit(results) -%}
    {%- set failures = failed(results) -%}
    {%- if gap -%}
        {%- do log('Not published: ' ~ gap, info=true) -%}
    {%- elif failures -%}
        {%- do record_build('failed', results) -%}
        {%- do log('Not published: ' ~ failures | length ~ ' of ' ~ results | length
            ~ ' steps failed; the last good marts stay.', info=true) -%}
    {%- else -%}
        {%- do publish(results) -%}
    {%- endif -%}
{%- endmacro %}


{# Why this run does not stand for a whole audit, or none. #}
{% macro gap_in_audit(results) -%}
    {%- if flags.EMPTY -%}
        {{ return('--empty builds the models without their rows.') }}
    {%- endif -%}
    {%- if flags.WHICH == 'run' -%}
        {{ return('models were built but not tested; `dbt test` tests and publishes them.') }}
    {%- endif -%}
    {%- set kinds = ['test', 'model'] if flags.WHICH == 'build' else ['test'] -%}
    {%- set done = results | map(attribute='node.unique_id') | list -%}
    {%- set left_out = [] -%}
    {%- for node in graph.nodes.values() if node.resource_type in kinds and node.unique_id not in done -%}
        {%- do left_out.append(node.name) -%}
    {%- endfor -%}
    {%- if left_out -%}
        {{ return('this run left out ' ~ left_out | length ~ ' of the project\'s models and tests, '
            ~ left_out[0] ~ ' first; a run without a selection publishes.') }}
    {%- endif -%}
    {%- if flags.WHICH == 'test' and this_run().built_by is none -%}
        {{ return('the models were not all built by one run; `dbt build` builds, tests and publishes.') }}
    {%- endif -%}
    {{ return(none) }}
{%- endmacro %}


{% macro failed(results) -%}
    {{ return(results | rejectattr('status', 'in', ['success', 'pass', 'warn']) | list) }}
{%- endmacro %}


{#
    Put every mart into the published schema, and the build's record with them, in one
    transaction, provided that the tables are still those that this run audited.
#}
{% macro publish(results) -%}
    {%- set marts = published_models() -%}
    {%- do query('begin') -%}
    {%- set run = this_run() -%}
    {%- set audited = invocation_id if flags.WHICH == 'build' else run.built_by -%}
    {%- if audited is none or builder_of_models() != audited -%}
        {%- do query('rollback') -%}
        {%- do give_lease_back() -%}
        {%- do exceptions.raise_compiler_error(
            'Not published: another dbt run rebuilt a model while this one was testing. Run `dbt build` again.'
        ) -%}
    {%- endif -%}
    {%- for name in query("select name from published.sqlite_master where type = 'table' and name not in ('builds', 'catalogue', 'sqlite_sequence')") | map(attribute='name') -%}
        {%- do query('drop table published.' ~ name | tojson) -%}
    {%- endfor -%}
    {%- for mart in marts -%}
        {%- set target_table = 'published.' ~ mart.name | tojson -%}
        {%- do query('create table ' ~ target_table ~ ' (' ~ column_definitions(mart.columns.values()) ~ ') strict') -%}
        {%- do query('insert into ' ~ target_table ~ ' select ' ~ column_names(mart.columns.values()) ~ ' from ' ~ mart.name | tojson) -%}
    {%- endfor -%}
    {%- do publish_catalogue(marts, results) -%}
    {%- do insert_build('published', results, marts) -%}
    {%- do query('commit') -%}
    {%- do log('Published ' ~ marts | map(attribute='name') | join(', ') ~ '.', info=true) -%}
{%- endmacro %}


{% macro record_build(status, results) -%}
    {%- do query('begin') -%}
    {%- do insert_build(status, results, []) -%}
    {%- do query('commit') -%}
{%- endmacro %}


{# The models that HTTP serves: those of the folder marts. #}
{% macro published_models() -%}
    {%- set marts = [] -%}
    {%- for node in graph.nodes.values() if node.resource_type == 'model' and 'marts' in node.fqn -%}
        {%- do marts.append(node) -%}
    {%- endfor -%}
    {{ return(marts | sort(attribute='name')) }}
{%- endmacro %}
