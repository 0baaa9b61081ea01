{# A model's columns, as its YAML has them. #}

{% macro column_names(columns) -%}
    {%- set names = [] -%}
    {%- for column in columns -%}
        {%- do names.append(adapter.quote(column.name)) -%}
    {%- endfor -%}
    {{ return(names | join(', ')) }}
{%- endmacro %}


{% macro column_types(node) -%}
    {%- set types = {} -%}
    {%- for column in node.columns.values() -%}
        {%- do types.update({column.name: column.data_type}) -%}
    {%- endfor -%}
    {{ return(types) }}
{%- endmacro %}


{# Fill a table of a model's columns by name. #}
{% macro insert_built(relation, sql) -%}
    insert into {{ relation }} ({{ column_names(model.columns.values()) }})
    select {{ column_names(model.columns.values()) }}
    from (
        {{ sql }}
    ) as built
{%- endmacro %}


{# Refuse a column that only the SQL has, or only the YAML. #}
{% macro check_columns(sql) -%}
    {%- set built = columns_of(sql) -%}
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


{# A condition for the rows of the model that lack something they must have; '' if none must. #}
{% macro lacks_something() -%}
    {%- set lacking = [] -%}
    {%- for test in data_tests_of(model) if test.test_metadata and test.test_metadata.name == 'not_null' -%}
        {%- do lacking.append(adapter.quote(test.column_name) ~ ' is null') -%}
    {%- endfor -%}
    {{ return(lacking | join(' or ')) }}
{%- endmacro %}


{% macro data_tests_of(node) -%}
    {{ return(graph.nodes.values() | selectattr('resource_type', 'equalto', 'test') | selectattr('attached_node', 'equalto', node.unique_id) | list) }}
{%- endmacro %}
