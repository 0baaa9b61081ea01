{#
    Each build publishes tables of its own, which nobody changes any more; a view of each
    mart's name points at the newest, for people with SQL tools. What HTTP serves is a copy:
    the record of the build, left in the shared storage, tells the builder which tables to
    take over.
#}
{% macro spark__begin_publishing(marts) -%}
    {%- for mart in marts -%}
        {%- do query('create table ' ~ published_table(mart.name) ~ ' using parquet as select * from ' ~ mart.relation_name) -%}
    {%- endfor -%}
{%- endmacro %}


{% macro spark__abandon_publishing() -%}
    {%- for mart in published_models() -%}
        {%- do query('drop table if exists ' ~ published_table(mart.name)) -%}
    {%- endfor -%}
{%- endmacro %}


{% macro spark__publish_marts(marts, documents, build) -%}
    {%- set before = published_documents().values() | map(attribute='table') | list -%}
    {%- for mart in marts -%}
        {%- do documents[mart.name].update({'table': published_name(mart.name)}) -%}
        {%- do point('published.' ~ adapter.quote(mart.name), 'select * from ' ~ published_table(mart.name)) -%}
    {%- endfor -%}
    {%- set rows = [] -%}
    {%- for name, document in documents.items() -%}
        {%- do rows.append('(' ~ quoted(name) ~ ', ' ~ quoted(document | tojson) ~ ')') -%}
    {%- endfor -%}
    {%- do point('published.catalogue', 'select * from values ' ~ rows | join(', ') ~ ' as documents (model, document)') -%}
    {%- do leave_record(build, documents) -%}
    {%- do drop_older_builds(before + documents.values() | map(attribute='table') | list, documents) -%}
{%- endmacro %}


{% macro spark__record_build(build) -%}
    {%- do leave_record(build, {}) -%}
{%- endmacro %}


{# Spark knows tables by small letters only. #}
{% macro published_name(mart) -%}
    {{ return(mart | lower ~ '__' ~ invocation_id[:8]) }}
{%- endmacro %}


{% macro published_table(mart) -%}
    {{ return('published.' ~ adapter.quote(published_name(mart))) }}
{%- endmacro %}


{# Altered in place: `create or replace` would leave a moment without the view. #}
{% macro point(view, sql) -%}
    {%- do query('create view if not exists ' ~ view ~ ' as ' ~ sql) -%}
    {%- do query('alter view ' ~ view ~ ' as ' ~ sql) -%}
{%- endmacro %}


{# One row, whole once Spark has put a `_SUCCESS` beside it. #}
{% macro leave_record(build, documents) -%}
    {%- set columns = [quoted(documents | tojson) ~ ' as documents'] -%}
    {%- for name, value in build.items() -%}
        {%- do columns.append(('cast(' ~ value ~ ' as bigint)' if value is number else quoted(value)) ~ ' as ' ~ name) -%}
    {%- endfor -%}
    {%- do query('insert overwrite directory ' ~ quoted(shared_storage('builds/' ~ invocation_id)) ~ ' using parquet select ' ~ columns | join(', ')) -%}
{%- endmacro %}


{# The tables of this build and of the one before stay, for who still reads them. #}
{% macro drop_older_builds(kept, documents) -%}
    {%- for name, information in known_relations('published').items() -%}
        {%- set is_view = 'Type: VIEW' in information -%}
        {%- if is_view and name not in documents | map('lower') | list + ['catalogue'] -%}
            {%- do query('drop view published.' ~ adapter.quote(name)) -%}
        {%- elif not is_view and name not in kept -%}
            {%- do query('drop table published.' ~ adapter.quote(name)) -%}
        {%- endif -%}
    {%- endfor -%}
{%- endmacro %}
