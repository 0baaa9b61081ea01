{#
    One row of published.builds: what was built, how long each step took, what failed with a
    sample of the offending rows, and which metrics it publishes. The last 2,000 builds are
    kept.
#}
{% macro insert_build(status, results, marts) -%}
    {%- set run = this_run() -%}
    {%- set last_load_id = "(select min(last_load_id) from dbt_model_states where invocation_id = " ~ quoted(run.built_by) ~ ")" -%}
    {%- do query(
        "insert into published.builds (invocation_id, status, started_at, finished_at,
            last_load_id, last_request_id, steps, failures, marts) values ("
        ~ [
            quoted(invocation_id),
            quoted(status),
            quoted(run_started_at.strftime('%Y-%m-%dT%H:%M:%S.%f')[:-3] ~ 'Z'),
            "strftime('%Y-%m-%dT%H:%M:%fZ', 'now')",
            last_load_id if flags.WHICH == 'test' and status == 'published' else run.last_load_id,
            run.last_request_id,
            quoted(steps(results) | tojson),
            quoted(tojson(failures(results))),
            quoted(endpoints(marts) | tojson),
        ] | join(', ') ~ ")"
    ) -%}
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
