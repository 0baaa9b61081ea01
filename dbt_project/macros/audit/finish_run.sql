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
        {%- do record_build(build_of('failed', results, [])) -%}
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
    Put every mart where readers find it, and the build's record with them, at one moment,
    provided that the tables are still those that this run audited.
#}
{% macro publish(results) -%}
    {%- set marts = published_models() -%}
    {%- do begin_publishing(marts) -%}
    {%- set audited = invocation_id if flags.WHICH == 'build' else this_run().built_by -%}
    {%- if audited is none or builder_of_models() != audited -%}
        {%- do abandon_publishing() -%}
        {%- do give_lease_back() -%}
        {%- do exceptions.raise_compiler_error(
            'Not published: another dbt run rebuilt a model while this one was testing. Run `dbt build` again.'
        ) -%}
    {%- endif -%}
    {%- do publish_marts(marts, documents_of(marts, results), build_of('published', results, marts)) -%}
    {%- do log('Published ' ~ marts | map(attribute='name') | join(', ') ~ '.', info=true) -%}
{%- endmacro %}


{% macro default__abandon_publishing() -%}
    {%- do query('rollback') -%}
{%- endmacro %}


{# A table of a mart's rows as they stand. #}
{% macro copy_of_mart(mart, copy) -%}
    {%- do query('create table ' ~ copy ~ ' ' ~ table_shape(column_types(mart))) -%}
    {%- do query('insert into ' ~ copy ~ ' select ' ~ column_names(mart.columns.values()) ~ ' from ' ~ mart.relation_name) -%}
{%- endmacro %}


{# HTTP serves the models of the folder marts. #}
{% macro is_published(model) -%}
    {{ return('marts' in model.fqn) }}
{%- endmacro %}


{% macro published_models() -%}
    {%- set marts = [] -%}
    {%- for node in graph.nodes.values() if node.resource_type == 'model' and is_published(node) -%}
        {%- do marts.append(node) -%}
    {%- endfor -%}
    {{ return(marts | sort(attribute='name')) }}
{%- endmacro %}
