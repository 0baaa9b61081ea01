{#
    The audit of a build after a load. dbt's own generic tests compile to the same SQL as long
    as the project's files stay the same, so the builder lets dbt run each of them once, and
    then leaves them out (`--exclude test_name:...`) and has their compiled SQL run here, as
    one statement. Every other test runs in dbt each time. A terminal's dbt has nothing
    compiled beforehand: there this finds nothing to run.
#}
{% macro compiled_audit(results) -%}
    {%- set done = results | map(attribute='node.unique_id') | list -%}
    {%- set left_out = [] -%}
    {%- for node in graph.nodes.values() if node.resource_type == 'test' and node.unique_id not in done and compiles_alike(node) -%}
        {%- do left_out.append(node) -%}
    {%- endfor -%}
    {%- set audited = [] -%}
    {%- set models_failed = results | rejectattr('status', 'in', ['success', 'pass', 'warn', 'no-op']) | list | length > 0 -%}
    {%- for tests in left_out | batch(100) -%}
        {%- set counts = [] if models_failed else rows_of_audit(counts_of_failures(tests)) -%}
        {%- for test in tests -%}
            {%- do audited.append(test_result(test, counts[loop.index0] if counts else none)) -%}
        {%- endfor -%}
    {%- endfor -%}
    {{ return(audited) }}
{%- endmacro %}


{% macro compiles_alike(test) -%}
    {{ return(test.compiled_code and test.test_metadata
        and test.test_metadata.namespace is none
        and test.test_metadata.name in ['unique', 'not_null', 'accepted_values', 'relationships']) }}
{%- endmacro %}


{# One row per test, in their order. #}
{% macro counts_of_failures(tests) -%}
    {%- for test in tests %}
    select * from (
        {{ get_test_sql(test.compiled_code, test.config.fail_calc, test.config.warn_if, test.config.error_if, test.config.limit) }}
    ) as audited
    {{ 'union all' if not loop.last }}
    {%- endfor -%}
{%- endmacro %}


{# A result as dbt's own runner makes it; skipped without a count. #}
{% macro test_result(test, count) -%}
    {%- set severity = test.config.severity | lower -%}
    {%- set result = {'node': test, 'status': 'pass', 'failures': 0, 'message': none, 'execution_time': 0.0} -%}
    {%- if not count -%}
        {%- do result.update({'status': 'skipped'}) -%}
    {%- elif severity == 'error' and is_so(count.should_error) -%}
        {%- do result.update(complaint('fail', count.failures, test.config.error_if)) -%}
    {%- elif is_so(count.should_warn) -%}
        {%- do result.update(complaint('warn', count.failures, test.config.warn_if)) -%}
    {%- endif -%}
    {{ return(result) }}
{%- endmacro %}


{% macro rows_of_audit(sql) -%}{{ return(adapter.dispatch('rows_of_audit')(sql)) }}{%- endmacro %}

{% macro default__rows_of_audit(sql) -%}{{ return(query(sql)) }}{%- endmacro %}

{# Most of what it plans it never runs: compiling all of that to machine code takes seconds. #}
{% macro postgres__rows_of_audit(sql) -%}
    {%- do query('set jit = off') -%}
    {{ return(query(sql)) }}
{%- endmacro %}


{# A truth as the engines tell it: some as a text. #}
{% macro is_so(value) -%}
    {{ return(value | string | lower == 'true') }}
{%- endmacro %}


{% macro complaint(status, failures, condition) -%}
    {%- set results = failures | int ~ ' result' ~ ('s' if failures | int != 1 else '') -%}
    {{ return({
        'status': status,
        'failures': failures | int,
        'message': 'Got ' ~ results ~ ', configured to ' ~ status ~ ' if ' ~ condition,
    }) }}
{%- endmacro %}
