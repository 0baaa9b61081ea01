{# Record the facts of a run for the builder, which judges and publishes it (api/builder/runs). Nothing is decided here.
   dbt_runs gets the time of its end and the project as dbt parsed it, dbt_results a row per node. #}
{% macro record_run(dbt_results) -%}
    {#- A run that could not begin has nothing to record. -#}
    {%- if execute and this_run() -%}
        {%- set is_judged = target.name != 'dev' and flags.WHICH in ('build', 'run', 'test') -%}
        {%- if is_judged -%}{%- do write_results(results_of(dbt_results), nodes_of(dbt_results)) -%}{%- endif -%}
        {%- do give_lease_back() -%}
        {%- if is_judged and lease_owner() == 'a terminal' and not flags.QUIET -%}{%- do report_outcome() -%}{%- endif -%}
    {%- endif -%}
{%- endmacro %}

{% macro results_of(dbt_results) -%}
    {%- set results = [] -%}
    {%- for result in dbt_results | list + compiled_audit(dbt_results) -%}
        {%- do results.append({
            'invocation_id': invocation_id, 'unique_id': result.node.unique_id, 'status': result.status | string,
            'message': result.message, 'failures': result.failures, 'seconds': result.execution_time | round(3),
            'failing_rows': tojson(failing_rows(result)),
        }) -%}
    {%- endfor -%}
    {{ return(results) }}
{%- endmacro %}

{# Up to five rows that fail a data test. dbt's not_null selects only the empty column, which identifies no row, so of
   those rows all columns are recorded. #}
{% macro failing_rows(result) -%}
    {%- set test, rows = result.node, [] -%}
    {%- if test.resource_type == 'test' and result.status in ['fail', 'warn'] -%}
        {%- set id = test.depends_on.nodes[0] -%}
        {%- set tested = graph.nodes.get(id) or graph.sources.get(id) -%}
        {%- set sql = '(' ~ test.compiled_code ~ ') as failing' -%}
        {%- if tested and test.test_metadata and test.test_metadata.name == 'not_null' and not test.config.where -%}
            {%- set sql = tested.relation_name ~ ' where ' ~ test.column_name ~ ' is null' -%}
        {%- endif -%}
        {%- for row in query('select * from ' ~ sql ~ ' limit 5') -%}
            {%- set cells = row.dict() -%}
            {%- for name, value in row.dict().items() if value is number -%}
                {%- do cells.update({name: value | int if value == value | int else value | float}) -%}
            {%- endfor -%}
            {%- do rows.append(cells) -%}
        {%- endfor -%}
    {%- endif -%}
    {{ return(rows) }}
{%- endmacro %}

{# The project as JSON, {id: node}, with the unit tests that have run. None for the builder, which has it in memory. #}
{% macro nodes_of(dbt_results) -%}
    {%- if lease_owner() != 'a terminal' -%}{{ return(none) }}{%- endif -%}
    {%- set nodes = dict(graph.sources, **graph.nodes) -%}
    {%- for result in dbt_results if result.node.unique_id not in nodes -%}
        {%- do nodes.update({result.node.unique_id: result.node.to_dict()}) -%}
    {%- endfor -%}
    {{ return(tojson(nodes)) }}
{%- endmacro %}

{# On Spark, one row in the shared storage, complete once Spark has written `_SUCCESS` beside it. #}
{% macro write_results(results, nodes) %}{{ return(adapter.dispatch('write_results')(results, nodes)) }}{% endmacro %}
{% macro default__write_results(results, nodes) -%}
    {%- set runs, table = state_table('dbt_runs'), state_table('dbt_results') -%}
    {%- set statements = ['delete from ' ~ table ~ ' where invocation_id not in (select invocation_id from ' ~ runs ~ ')'] -%}
    {%- for some in results | batch(100) -%}
        {%- set rows = [] -%}
        {%- for result in some -%}{%- do rows.append('(' ~ literals(result.values()) ~ ')') -%}{%- endfor -%}
        {%- set columns = some[0] | join(', ') -%}
        {%- do statements.append('insert into ' ~ table ~ ' (' ~ columns ~ ') values ' ~ rows | join(', ')) -%}
    {%- endfor -%}
    {%- do statements.append('update ' ~ runs ~ ' set finished_at = ' ~ quoted(instant(now_here())) ~ ', nodes = '
        ~ literal(nodes) ~ ', macros = ' ~ quoted(macros_code()) ~ ' where invocation_id = ' ~ quoted(invocation_id)) -%}
    {%- do transaction(statements + wake_builder()) -%}
{%- endmacro %}
{% macro spark__write_results(results, nodes) -%}
    {%- set facts = dict(this_run(), finished_at=instant(now_here()), states_after=tojson(model_states()), nodes=nodes,
        macros=macros_code(), results=tojson(results)) -%}
    {%- set columns = [] -%}
    {%- for name, value in facts.items() -%}
        {%- set type = 'bigint' if value is number else 'string' -%}
        {%- do columns.append('cast(' ~ literal(value) ~ ' as ' ~ type ~ ') as ' ~ name) -%}
    {%- endfor -%}
    {%- set place = quoted(shared_storage('runs/' ~ invocation_id)) -%}
    {%- do query('insert overwrite directory ' ~ place ~ ' using parquet select ' ~ columns | join(', ')) -%}
{%- endmacro %}

{% macro wake_builder() %}{{ return(adapter.dispatch('wake_builder')()) }}{% endmacro %}
{% macro default__wake_builder() %}{{ return([]) }}{% endmacro %}
{% macro postgres__wake_builder() %}{{ return(["select pg_notify('hiring_commits', '')"]) }}{% endmacro %}

{# Log the outcome as the last line of a run in a terminal. A builder, if there is one, takes half a second. #}
{% macro report_outcome() -%}
    {%- set outcome = wait_for(outcome_of_run, patience_seconds=1) -%}
    {%- set recorded = 'Recorded. The server publishes it, if all is well, when it starts;' -%}
    {%- do log(outcome[0][0] if outcome else recorded ~ ' `python -m api build` does so now.', info=true) -%}
{%- endmacro %}

{# The outcome of the run; empty until it has been judged. #}
{% macro outcome_of_run() %}{{ return(adapter.dispatch('outcome_of_run')()) }}{% endmacro %}
{% macro default__outcome_of_run() -%}
    {%- if relation_exists(api.Relation.create(none, 'published', 'builds')) -%}
        {{ return(query('select outcome from published.builds where invocation_id = ' ~ quoted(invocation_id))) }}
    {%- endif -%}
{%- endmacro %}
{% macro spark__outcome_of_run() -%}
    {%- do query('create table if not exists raw.outcomes (invocation_id string, outcome string) using parquet '
        ~ location('outcomes')) -%}
    {%- do query('refresh table raw.outcomes') -%}
    {{ return(query('select outcome from raw.outcomes where invocation_id = ' ~ quoted(invocation_id))) }}
{%- endmacro %}
