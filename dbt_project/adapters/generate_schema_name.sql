{#
    All models lie in one schema, whatever `schema` says: that is where runs are judged, and
    marts published from. So do the rows that tests store, on an engine whose schemas are files.
#}
{% macro generate_schema_name(custom_schema_name=none, node=none) -%}
    {%- if node and node.resource_type == 'test' and target.type != 'sqlite' -%}
    {{ dbt.default__generate_schema_name(custom_schema_name, node) }}
    {%- else -%}
    {{ target.schema }}
    {%- endif -%}
{%- endmacro %}


{# Only the schemas of profiles.yml are there: each is a file. #}
{% macro sqlite__create_schema(relation) -%}
    {%- do exceptions.raise_compiler_error('There is no schema ' ~ relation.schema ~ ' on SQLite: leave target_schema out.') -%}
{%- endmacro %}
