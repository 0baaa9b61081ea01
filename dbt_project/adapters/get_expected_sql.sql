{#
    The rows that a unit test expects, with the types of the model's YAML. dbt asks the database
    for the types, but SQLite has none for computed columns: 'small' became 0.
#}
{% macro get_expected_sql(rows, column_name_to_data_types) -%}
    {%- set types = dict(column_name_to_data_types) -%}
    {%- set tested = var('nodes_for_unit_tests')[model.tested_node_unique_id] -%}
    {%- for column in tested.columns.values() if column.data_type and column.name | lower in types -%}
        {%- do types.update({column.name | lower: storage_type(column.data_type)}) -%}
    {%- endfor -%}
    {#- Later versions of dbt also pass how names are quoted. -#}
    {{ return(dbt.get_expected_sql(rows, types, *varargs)) }}
{%- endmacro %}


{# A unit test runs in a project of its own with an empty `graph`; `var` is shared. #}
{% macro share_nodes_with_unit_tests() -%}
    {%- do adapter.config.cli_vars.update({'nodes_for_unit_tests': graph.nodes}) -%}
{%- endmacro %}


{# SQLite stores booleans as integers; rows given as CSV have them as words. #}
{% macro sqlite__safe_cast(field, type) -%}
    {%- set truths = {"'true'": 1, "'false'": 0} if type | lower == 'integer' else {} -%}
    cast({{ truths.get(field | string | lower, field) }} as {{ type }})
{%- endmacro %}
