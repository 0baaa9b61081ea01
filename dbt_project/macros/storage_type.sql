{# The SQL type of a data_type; dates and timestamps are canonical UTC text. #}
{% macro storage_type(data_type) -%}
    {{ return(adapter.dispatch('storage_type')(data_type)) }}
{%- endmacro %}

{% macro sqlite__storage_type(data_type) -%}
    {{ return({'integer': 'integer', 'boolean': 'integer', 'real': 'real'}.get(data_type, 'text')) }}
{%- endmacro %}

{% macro postgres__storage_type(data_type) -%}
    {{ return({'integer': 'bigint', 'boolean': 'boolean', 'real': 'double precision'}.get(data_type, 'text')) }}
{%- endmacro %}

{% macro spark__storage_type(data_type) -%}
    {{ return({'integer': 'bigint', 'boolean': 'boolean', 'real': 'double'}.get(data_type, 'string')) }}
{%- endmacro %}
