{#
    A model with a contract becomes a STRICT table of exactly its documented columns, filled
    by name, so a value of another type or a column on one side only stops the build.
#}
{% macro sqlite__create_table_as(temporary, relation, sql) -%}
    {%- if not config.get('contract').enforced -%}
    create {% if temporary %}temporary {% endif %}table {{ relation }} as
    {{ sql }}
    {%- else -%}
    {%- do check_columns(sql) -%}
    {%- if keeps_changes() and not temporary -%}
        {%- do forget_changes() -%}
    {%- endif -%}
    {%- call statement('create_table') -%}
    create {% if temporary %}temporary {% endif %}table {{ relation }} ({{ column_definitions(model.columns.values()) }}) strict
    {%- endcall -%}
    {%- if config.get('materialized') == 'incremental' and not temporary -%}
        {%- do expect_many_rows() -%}
        {%- do index_nulls() -%}
    {%- endif -%}
    insert into {{ relation }} ({{ column_names(model.columns.values()) }})
    select {{ column_names(model.columns.values()) }}
    from (
        {{ sql }}
    ) as built
    {%- endif -%}
{%- endmacro %}


{% macro column_names(columns) -%}
    {{ return(columns | map(attribute='name') | map('tojson') | join(', ')) }}
{%- endmacro %}


{% macro column_definitions(columns) -%}
    {%- set definitions = [] -%}
    {%- for column in columns -%}
        {%- do definitions.append(column.name | tojson ~ ' ' ~ storage_class(column.data_type)) -%}
    {%- endfor -%}
    {{ return(definitions | join(', ')) }}
{%- endmacro %}


{# How SQLite stores a type of the contract. Dates and timestamps are canonical UTC text. #}
{% macro storage_class(data_type) -%}
    {{ return({'integer': 'integer', 'boolean': 'integer', 'real': 'real'}.get(data_type, 'text')) }}
{%- endmacro %}


{# Refuse a column that only the SQL has, or only the YAML. #}
{% macro check_columns(sql) -%}
    {#- As a view, so that nothing of it is computed: even `limit 0` would count groups first. -#}
    {%- do statement_of('create temporary view built as ' ~ sql) -%}
    {%- set built = query("select name from pragma_table_info('built')") | map(attribute=0) | list -%}
    {%- do statement_of('drop view temp.built') -%}
    {%- set documented = model.columns.values() | map(attribute='name') | list -%}
    {%- set undocumented = built | reject('in', documented) | list -%}
    {%- set missing = documented | reject('in', built) | list -%}
    {%- if undocumented or missing -%}
        {%- do exceptions.raise_compiler_error(
            model.name ~ '.sql and ' ~ model.name ~ '.yml disagree about its columns.'
            ~ (' Built but not documented: ' ~ undocumented | join(', ') ~ '.' if undocumented else '')
            ~ (' Documented but not built: ' ~ missing | join(', ') ~ '.' if missing else '')
        ) -%}
    {%- endif -%}
{%- endmacro %}
