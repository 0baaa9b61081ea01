{# Post-hook: one row per unique_key, kept by the database, indexed after the rows are in.
   Missing values are taken for equal on PostgreSQL. #}
{% macro index_grain(unique_key) -%}
    {{ return(adapter.dispatch('index_grain')(unique_key)) }}
{%- endmacro %}

{% macro sqlite__index_grain(unique_key) -%}
    create unique index if not exists {{ index_on(this, 'grain') }} ({{ unique_key }})
{%- endmacro %}

{% macro postgres__index_grain(unique_key) -%}
    {%- if execute and not query(unique_indexes(quoted(this.include(database=false)), unique_key)) -%}
    create unique index {{ index_on(this, 'grain') }} ({{ unique_key }}) nulls not distinct
    {%- endif -%}
{%- endmacro %}

{# There are no indexes. #}
{% macro spark__index_grain(unique_key) -%}
    {{ return('') }}
{%- endmacro %}

{# What stands behind `create index`: on PostgreSQL without a name, since dbt builds a table
   beside the one that it replaces, whose indexes go only after it. #}
{% macro index_on(relation, name) -%}
    {{ return(adapter.dispatch('index_on')(relation, name)) }}
{%- endmacro %}

{% macro default__index_on(relation, name) -%}
    {{ return(relation.schema ~ '.' ~ relation.identifier ~ '_' ~ name ~ ' on ' ~ relation.identifier) }}
{%- endmacro %}

{% macro postgres__index_on(relation, name) -%}
    {{ return('on ' ~ relation) }}
{%- endmacro %}
