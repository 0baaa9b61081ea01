{#
    A model with a contract becomes a table of exactly its documented columns, filled by name,
    so a value of another type or a column on one side only stops the build.
#}
{% macro postgres__create_table_as(temporary, relation, sql) -%}
    {%- if not config.get('contract').enforced -%}
    create {% if temporary %}temporary {% endif %}table {{ relation }} as
    {{ sql }}
    {%- else -%}
    {%- do check_name_of_mart() -%}
    {%- do check_columns(sql) -%}
    {%- if keeps_changes() and not temporary -%}
        {%- do forget_changes() -%}
    {%- endif -%}
    create {% if temporary %}temporary {% endif %}table {{ relation }} {{ table_shape(column_types(model)) }};
    {%- if config.get('materialized') == 'incremental' and not temporary %}
    {{ index_of_nulls(relation) }}
    {%- endif %}
    {{ insert_built(relation, sql) }}
    {%- endif -%}
{%- endmacro %}


{% macro postgres__storage_type(data_type) -%}
    {{ return({'integer': 'bigint', 'boolean': 'boolean', 'real': 'double precision'}.get(data_type, 'text')) }}
{%- endmacro %}


{# Texts are sorted by code point, whatever the database was made for. #}
{% macro postgres__table_shape(types, key) -%}
    {%- set parts = [] -%}
    {%- for name, data_type in types.items() -%}
        {%- set stored = storage_type(data_type) -%}
        {%- do parts.append(name | tojson ~ ' ' ~ stored ~ (' collate "C"' if stored == 'text' else '')) -%}
    {%- endfor -%}
    {%- if key -%}
        {%- do parts.append('primary key (' ~ key | join(', ') ~ ')') -%}
    {%- endif -%}
    {{ return('(' ~ parts | join(', ') ~ ')') }}
{%- endmacro %}


{% macro postgres__columns_of(sql) -%}
    {{ return(adapter.get_column_schema_from_query(get_empty_subquery_sql(sql)) | map(attribute='name') | list) }}
{%- endmacro %}


{# PostgreSQL would cut a longer name, so that two might become one. #}
{% macro check_name_of_mart() -%}
    {%- set too_many = model.name.encode('utf-8') | length + 10 - 63 -%}
    {%- if 'marts' in model.fqn and too_many > 0 -%}
        {%- do exceptions.raise_compiler_error('The name ' ~ model.name ~ ' is too long by ' ~ too_many
            ~ ' bytes: PostgreSQL knows names of 63, of which 10 tell one build from another.') -%}
    {%- endif -%}
{%- endmacro %}
