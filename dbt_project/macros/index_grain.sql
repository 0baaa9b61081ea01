{# Post-hook: a unique index on unique_key, created after the rows are inserted. On PostgreSQL
   nulls count as equal. #}
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

{# Spark has no indexes. #}
{% macro spark__index_grain(unique_key) -%}
    {{ return('') }}
{%- endmacro %}

{# What follows `create index`. PostgreSQL chooses the name, because dbt builds a table beside
   the one that it replaces, whose indexes still exist then. #}
{% macro index_on(relation, name) -%}
    {{ return(adapter.dispatch('index_on')(relation, name)) }}
{%- endmacro %}

{% macro default__index_on(relation, name) -%}
    {{ return(relation.schema ~ '.' ~ relation.identifier ~ '_' ~ name ~ ' on ' ~ relation.identifier) }}
{%- endmacro %}

{% macro postgres__index_on(relation, name) -%}
    {{ return('on ' ~ relation) }}
{%- endmacro %}
