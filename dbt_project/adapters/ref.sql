{# The `ref` of dbt-sqlite accepts neither a version nor a package. #}
{% macro ref() -%}
    {%- set relation = builtins.ref(*varargs, **kwargs) -%}
    {{ return(relation.include(database=false) if target.type == 'sqlite' else relation) }}
{%- endmacro %}
