{#
    All models are in one schema, whatever their `schema`, because the builder judges runs and
    publishes marts from there. On SQLite, whose schemas are files, so are the rows that tests store.
#}
{% macro generate_schema_name(custom_schema_name=none, node=none) -%}
    {%- if node and node.resource_type == 'test' and target.type != 'sqlite' -%}
    {{ dbt.default__generate_schema_name(custom_schema_name, node) }}
    {%- else -%}
    {{ target.schema }}
    {%- endif -%}
{%- endmacro %}


{# There are only the schemas of profiles.yml; each is a file. #}
{% macro sqlite__create_schema(relation) -%}
    {%- do exceptions.raise_compiler_error('There is no schema ' ~ relation.schema ~ ' on SQLite: leave target_schema out.') -%}
{%- endmacro %}
