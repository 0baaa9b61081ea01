{#
    A build as it is recorded, by the columns of published.builds: what was built, how long
    each step took, what failed with a sample of the offending rows, and which metrics it
    publishes.
#}
{% macro build_of(status, results, marts) -%}
    {%- set run = this_run() -%}
    {%- set last_load_id = run.last_load_id -%}
    {%- if flags.WHICH == 'test' and status == 'published' -%}
        {%- set built = model_states() | selectattr('invocation_id', 'equalto', run.built_by) -%}
        {%- set last_load_id = built | map(attribute='last_load_id') | min -%}
    {%- endif -%}
    {{ return({
        'invocation_id': invocation_id,
        'status': status,
        'started_at': instant(run_started_at),
        'finished_at': instant(modules.datetime.datetime.now(modules.pytz.utc)),
        'last_load_id': last_load_id,
        'last_request_id': run.last_request_id,
        'project_digest': env_var('DBT_PROJECT_DIGEST', ''),
        'steps': steps(results) | tojson,
        'failures': tojson(failures(results)),
        'marts': endpoints(marts) | tojson,
    }) }}
{%- endmacro %}


{# To the millisecond, in UTC. #}
{% macro instant(time) -%}
    {{ return(time.strftime('%Y-%m-%dT%H:%M:%S.%f')[:-3] ~ 'Z') }}
{%- endmacro %}


{% macro default__record_build(build) -%}
    {%- do query('begin') -%}
    {%- do insert_build(build) -%}
    {%- do query('commit') -%}
{%- endmacro %}


{# The last 2,000 builds are kept. #}
{% macro insert_build(build) -%}
    {%- set values = [] -%}
    {%- for value in build.values() -%}
        {%- do values.append(value if value is number else quoted(value)) -%}
    {%- endfor -%}
    {%- do query('insert into published.builds (' ~ build | join(', ') ~ ') values (' ~ values | join(', ') ~ ')') -%}
    {%- do query("delete from published.builds where build_id <= (select max(build_id) from published.builds) - 2000") -%}
{%- endmacro %}


{# Where the marts are served: under their own names unless the YAML says otherwise. #}
{% macro endpoints(marts) -%}
    {%- set names = [] -%}
    {%- for mart in marts -%}
        {%- do names.append(mart.config.meta.get('endpoint') or mart.name) -%}
    {%- endfor -%}
    {{ return(names) }}
{%- endmacro %}


{% macro steps(results) -%}
    {%- set steps = [] -%}
    {%- for result in results -%}
        {%- do steps.append({
            'name': result.node.name,
            'kind': result.node.resource_type | string,
            'status': result.status | string,
            'seconds': result.execution_time | round(3),
        }) -%}
    {%- endfor -%}
    {{ return(steps) }}
{%- endmacro %}


{# Everything that did not pass, warnings included: the worst first, skipped steps left out. #}
{% macro failures(results) -%}
    {%- set told = [] -%}
    {%- for status in ['error', 'runtime error', 'fail', 'warn'] -%}
        {%- for result in results if result.status == status -%}
            {%- do told.append(told_failure(result)) -%}
        {%- endfor -%}
    {%- endfor -%}
    {{ return(told) }}
{%- endmacro %}


{# Up to five rows that a data test complains of. #}
{% macro sample_of(result) -%}
    {%- set sample = [] -%}
    {%- if result.node.resource_type == 'test' and result.status in ['fail', 'warn'] -%}
        {%- for row in query("select * from (" ~ failing_rows(result.node) ~ ") as failing limit 5") -%}
            {%- set cells = {} -%}
            {%- for name, value in row.dict().items() -%}
                {%- set whole = value is number and value == value | int -%}
                {%- set number = value | int if whole else value | float -%}
                {%- do cells.update({name: number if value is number else value}) -%}
            {%- endfor -%}
            {%- do sample.append(cells) -%}
        {%- endfor -%}
    {%- endif -%}
    {{ return(sample) }}
{%- endmacro %}


{#
    SQL of the rows that a data test complains of. dbt's not_null selects nothing but the column
    that is empty, by which nobody finds a row: of that all columns are told.
#}
{% macro failing_rows(test) -%}
    {%- set about = test.depends_on.nodes[0] -%}
    {%- set tested = graph.nodes.get(about) or graph.sources.get(about) -%}
    {%- if test.test_metadata and test.test_metadata.name == 'not_null' and not test.config.where and tested -%}
        {{ return("select * from " ~ tested.relation_name ~ " where " ~ test.column_name ~ " is null") }}
    {%- endif -%}
    {{ return(test.compiled_code) }}
{%- endmacro %}
