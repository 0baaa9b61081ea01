{# The audit of a build after a load. dbt's own generic tests compile to the same SQL as long as the project's files
   stay the same, so the builder lets dbt run each of them once, and then leaves them out (`--exclude test_name:...`)
   and has their compiled SQL run here, as one statement; see api/builder/compiled.py. Every other test runs in dbt
   each time. A terminal's dbt has nothing compiled beforehand: there this finds nothing to run. #}
{% macro compiled_audit(results) -%}
    {%- set done = results | map(attribute='node.unique_id') | list -%}
    {%- set left_out = graph.get('compiled_tests', []) | rejectattr('unique_id', 'in', done) | list -%}
    {%- set audited, unbuilt = [], results | rejectattr('node.resource_type', 'in', ['test', 'unit_test'])
        | rejectattr('status', 'in', ['success', 'no-op']) | list -%}
    {%- for tests in left_out | batch(100) -%}
        {%- set counts = [] if unbuilt else rows_of_audit(counts_of_failures(tests)) -%}
        {%- for test in tests -%}
            {%- do audited.append(test_result(test, counts[loop.index0] if counts else none)) -%}
        {%- endfor -%}
    {%- endfor -%}
    {{ return(audited) }}
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

{# A result as dbt's own runner makes it; skipped without a count. Some engines have truths as texts. #}
{% macro test_result(test, count) -%}
    {%- set result = {'node': test, 'status': 'pass', 'failures': 0, 'message': none, 'execution_time': 0.0} -%}
    {%- if not count -%}
        {%- do result.update({'status': 'skipped'}) -%}
    {%- elif test.config.severity | lower == 'error' and count.should_error | string | lower == 'true' -%}
        {%- do result.update(complaint('fail', count.failures | int, test.config.error_if)) -%}
    {%- elif count.should_warn | string | lower == 'true' -%}
        {%- do result.update(complaint('warn', count.failures | int, test.config.warn_if)) -%}
    {%- endif -%}
    {{ return(result) }}
{%- endmacro %}
{% macro complaint(status, failures, condition) -%}
    {%- set results = failures ~ ' result' ~ ('' if failures == 1 else 's') -%}
    {{ return({'status': status, 'failures': failures, 'message': 'Got %s, configured to %s if %s' % (results, status, condition)}) }}
{%- endmacro %}

{# Most of what PostgreSQL plans it never runs: compiling all of that to machine code takes seconds. #}
{% macro rows_of_audit(sql) %}{{ return(adapter.dispatch('rows_of_audit')(sql)) }}{% endmacro %}
{% macro default__rows_of_audit(sql) %}{{ return(query(sql)) }}{% endmacro %}
{% macro postgres__rows_of_audit(sql) %}{% do query('set jit = off') %}{{ return(query(sql)) }}{% endmacro %}
