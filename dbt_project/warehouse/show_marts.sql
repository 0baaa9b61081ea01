{# On Spark, a view of each published mart for SQL tools; `folders` is {mart: folder of its
   rows}. Altered in place, because `create or replace` would leave a moment without the
   view. #}
{% macro show_marts(folders) -%}
    {%- for name, information in known_relations('published').items() if name not in folders | map('lower') -%}
        {%- set kind = 'view' if 'Type: VIEW' in information else 'table' -%}
        {%- do query('drop ' ~ kind ~ ' published.' ~ adapter.quote(name)) -%}
    {%- endfor -%}
    {%- for name, folder in folders.items() -%}
        {%- set view = 'published.' ~ adapter.quote(name) -%}
        {%- set sql = ' as select * from parquet.' ~ adapter.quote(shared_storage(folder)) -%}
        {%- do query('create view if not exists ' ~ view ~ sql) -%}
        {%- do query('alter view ' ~ view ~ sql) -%}
    {%- endfor -%}
{%- endmacro %}
