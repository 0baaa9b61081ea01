{#
    The facts of a run, left in the shared storage for the builder, which judges it and serves
    a copy of the marts. What it publishes is shown in the schema published, too.
#}

{# One row, whole once Spark has put a `_SUCCESS` beside it. #}
{% macro spark__write_results(results, nodes) -%}
    {%- set facts = dict(this_run(), **{
        'finished_at': instant(modules.datetime.datetime.now(modules.pytz.utc)),
        'states_after': tojson(model_states()),
        'nodes': nodes,
        'macros': macros_code(),
        'results': tojson(results),
    }) -%}
    {%- set columns = [] -%}
    {%- for name, value in facts.items() -%}
        {%- do columns.append(('cast(' ~ value ~ ' as bigint)' if value is number else quoted(value) or 'cast(null as string)') ~ ' as ' ~ name) -%}
    {%- endfor -%}
    {%- do query('insert overwrite directory ' ~ quoted(shared_storage('runs/' ~ invocation_id)) ~ ' using parquet select ' ~ columns | join(', ')) -%}
{%- endmacro %}


{# What the builder has made of runs, a file each. #}
{% macro spark__outcome_of_run() -%}
    {%- do query('create table if not exists raw.outcomes (invocation_id string, outcome string) using parquet ' ~ location('outcomes')) -%}
    {%- do query('refresh table raw.outcomes') -%}
    {{ return(query('select outcome from raw.outcomes where invocation_id = ' ~ quoted(invocation_id)) | list) }}
{%- endmacro %}


{#
    A view of each mart that is published, for people with SQL tools, where `folders` has its
    rows by its name. Altered in place: `create or replace` would leave a moment without it.
#}
{% macro show_marts(folders) -%}
    {%- for name, information in known_relations('published').items() if name not in folders | map('lower') -%}
        {%- do query('drop ' ~ ('view' if 'Type: VIEW' in information else 'table') ~ ' published.' ~ adapter.quote(name)) -%}
    {%- endfor -%}
    {%- for name, folder in folders.items() -%}
        {%- set view = 'published.' ~ adapter.quote(name) -%}
        {%- set sql = ' as select * from parquet.' ~ adapter.quote(shared_storage(folder)) -%}
        {%- do query('create view if not exists ' ~ view ~ sql) -%}
        {%- do query('alter view ' ~ view ~ sql) -%}
    {%- endfor -%}
{%- endmacro %}
