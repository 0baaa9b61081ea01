{#
    What dbt knows of a run, written down for those who judge it, say what is wrong with it
    and publish it: see api/runs. Nothing is decided here.

    dbt_runs      one row per run: its command and options, how far into the ledger it
                  reads, the models' states when it began, the project as dbt had read it
    dbt_results   one row per node of a run: what came of it, with rows that a test found
#}
{% macro record_run(dbt_results) -%}
    {#- A run that never got to begin has nothing to record. -#}
    {%- if execute and this_run() -%}
        {%- if target.name != 'dev' and flags.WHICH in ('build', 'run', 'test') -%}
            {%- do write_results(results_of(dbt_results), nodes_of(dbt_results)) -%}
        {%- endif -%}
        {%- do give_lease_back() -%}
        {%- if target.name != 'dev' and flags.WHICH in ('build', 'run', 'test') -%}
            {%- do report_outcome() -%}
        {%- endif -%}
    {%- endif -%}
{%- endmacro %}


{% macro results_of(dbt_results) -%}
    {%- set results = [] -%}
    {%- for result in dbt_results | list + compiled_audit(dbt_results) -%}
        {%- do results.append({
            'invocation_id': invocation_id,
            'unique_id': result.node.unique_id,
            'status': result.status | string,
            'message': result.message,
            'failures': result.failures,
            'seconds': result.execution_time | round(3),
            'failing_rows': tojson(sample_of(result)),
        }) -%}
    {%- endfor -%}
    {{ return(results) }}
{%- endmacro %}


{#
    The project as JSON, {id: node}, unit tests as far as they have run. The builder has it
    in memory.
#}
{% macro nodes_of(dbt_results) -%}
    {%- if is_of_builder() -%}
        {{ return(none) }}
    {%- endif -%}
    {%- set nodes = {} -%}
    {%- do nodes.update(graph.sources) -%}
    {%- do nodes.update(graph.nodes) -%}
    {%- for result in dbt_results if result.node.unique_id not in nodes -%}
        {%- do nodes.update({result.node.unique_id: result.node.to_dict()}) -%}
    {%- endfor -%}
    {{ return(tojson(nodes)) }}
{%- endmacro %}


{% macro is_of_builder() -%}
    {{ return(env_var('DBT_LEASE_OWNER', 'a terminal') != 'a terminal') }}
{%- endmacro %}


{# To the millisecond, in UTC. #}
{% macro instant(time) -%}
    {{ return(time.strftime('%Y-%m-%dT%H:%M:%S.%f')[:-3] ~ 'Z') }}
{%- endmacro %}


{% macro default__write_results(results, nodes) -%}
    {%- set runs = state_table('dbt_runs') -%}
    {%- set all_results = state_table('dbt_results') -%}
    {%- do query('begin') -%}
    {%- do query('delete from ' ~ all_results ~ ' where invocation_id not in (select invocation_id from ' ~ runs ~ ')') -%}
    {%- for some in results | batch(100) -%}
        {%- set rows = [] -%}
        {%- for result in some -%}
            {%- do rows.append('(' ~ literals(result.values()) ~ ')') -%}
        {%- endfor -%}
        {%- do query('insert into ' ~ all_results ~ ' (' ~ some[0] | join(', ') ~ ') values ' ~ rows | join(', ')) -%}
    {%- endfor -%}
    {%- do query('update ' ~ runs ~ ' set finished_at = ' ~ quoted(instant(modules.datetime.datetime.now(modules.pytz.utc)))
        ~ ', nodes = ' ~ (quoted(nodes) or 'null') ~ ', macros = ' ~ quoted(macros_code()) ~ ' where invocation_id = ' ~ quoted(invocation_id)) -%}
    {%- do wake_builder() -%}
    {%- do query('commit') -%}
{%- endmacro %}


{% macro default__wake_builder() -%}
{%- endmacro %}


{% macro literals(values) -%}
    {%- set literals = [] -%}
    {%- for value in values -%}
        {%- do literals.append('null' if value is none else value if value is number else quoted(value)) -%}
    {%- endfor -%}
    {{ return(literals | join(', ')) }}
{%- endmacro %}


{#
    The last line of a terminal's run: what became of it, if a builder is at work, which needs
    half a second.
#}
{% macro report_outcome(patience_seconds=1) -%}
    {%- if not is_of_builder() -%}
        {%- set give_up_at = modules.datetime.datetime.now() + modules.datetime.timedelta(seconds=patience_seconds) -%}
        {%- set outcome = [] -%}
        {%- for _ in range(10000) if not outcome and modules.datetime.datetime.now() < give_up_at -%}
            {%- do outcome.extend(outcome_of_run()) -%}
            {%- if not outcome -%}
                {%- do pause() -%}
            {%- endif -%}
        {%- endfor -%}
        {%- do log(outcome[0][0] if outcome else 'Recorded. The server publishes it, if all is well, when it starts; `python -m api build` does so now.', info=true) -%}
    {%- endif -%}
{%- endmacro %}


{% macro default__outcome_of_run() -%}
    {%- if relation_exists(api.Relation.create(schema='published', identifier='builds')) -%}
        {{ return(query('select outcome from published.builds where invocation_id = ' ~ quoted(invocation_id)) | list) }}
    {%- endif -%}
    {{ return([]) }}
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
