{#
    The rows that a unit test expects, of the types that the model's YAML declares. dbt asks
    the database for them, and SQLite has none for what is computed: 'small' became 0.
#}
{% macro get_expected_sql(rows, column_name_to_data_types) -%}
    {%- set types = dict(column_name_to_data_types) -%}
    {%- set tested = var('nodes_for_unit_tests')[model.tested_node_unique_id] -%}
    {%- for column in tested.columns.values() if column.data_type and column.name | lower in types -%}
        {%- do types.update({column.name | lower: storage_type(column.data_type)}) -%}
    {%- endfor -%}
    {#- Later versions of dbt hand over how names are quoted, too. -#}
    {{ return(dbt.get_expected_sql(rows, types, *varargs)) }}
{%- endmacro %}


{# A unit test runs in a project of its own, whose `graph` is empty; `var` is what all share. #}
{% macro share_nodes_with_unit_tests() -%}
    {%- do adapter.config.cli_vars.update({'nodes_for_unit_tests': graph.nodes}) -%}
{%- endmacro %}


{# A boolean is an integer there, and rows as CSV have it as a word. #}
{% macro sqlite__safe_cast(field, type) -%}
    {%- set truths = {"'true'": 1, "'false'": 0} if type | lower == 'integer' else {} -%}
    cast({{ truths.get(field | string | lower, field) }} as {{ type }})
{%- endmacro %}
