{# The generic tests of a build after a load, run as one statement. dbt's own generic tests compile to the same SQL as
   long as the project's files are the same. So dbt runs each of them once, and later builds exclude them
   (`--exclude test_name:...`) and run their compiled SQL here; see api/builder/compiled.py. All other tests run in
   dbt each time. A run from a terminal has no compiled tests, and this does nothing. #}
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

{# A select with one row per test, in their order. #}
{% macro counts_of_failures(tests) -%}
    {%- for test in tests %}
    select * from (
        {{ get_test_sql(test.compiled_code, test.config.fail_calc, test.config.warn_if, test.config.error_if, test.config.limit) }}
    ) as audited
    {{ 'union all' if not loop.last }}
    {%- endfor -%}
{%- endmacro %}

{# A result like those of dbt; skipped without a count. Some engines return booleans as text. #}
{% macro test_result(test, count) -%}
    {%- set result = {'node': test, 'status': 'pass', 'failures': 0, 'message': none, 'execution_time': 0.0} -%}
    {%- if not count -%}
        {%- do result.update({'status': 'skipped'}) -%}
    {%- elif test.config.severity | lower == 'error' and count.should_error | string | lower == 'true' -%}
        {%- do result.update(not_passed('fail', count.failures | int, test.config.error_if)) -%}
    {%- elif count.should_warn | string | lower == 'true' -%}
        {%- do result.update(not_passed('warn', count.failures | int, test.config.warn_if)) -%}
    {%- endif -%}
    {{ return(result) }}
{%- endmacro %}
{% macro not_passed(status, failures, condition) -%}
    {%- set results = failures ~ ' result' ~ ('' if failures == 1 else 's') -%}
    {{ return({'status': status, 'failures': failures, 'message': 'Got %s, configured to %s if %s' % (results, status, condition)}) }}
{%- endmacro %}

{# On PostgreSQL without JIT: compiling this plan takes seconds, and most of it never runs. #}
{% macro rows_of_audit(sql) %}{{ return(adapter.dispatch('rows_of_audit')(sql)) }}{% endmacro %}
{% macro default__rows_of_audit(sql) %}{{ return(query(sql)) }}{% endmacro %}
{% macro postgres__rows_of_audit(sql) %}{% do query('set jit = off') %}{{ return(query(sql)) }}{% endmacro %}
