{# A seed's table has the types of its YAML: `data_type: text` keeps the leading zero of a code such as 01, and date
   and timestamp are text as in every model. It is created again each time (`full_refresh` in dbt_project.yml), because
   its header may have changed. #}
{% materialization seed, default %}
    {%- set given = config.model.config.column_types -%}
    {%- set before = dict(given) -%}
    {%- for column in model.columns.values() if column.data_type in ['text', 'date', 'timestamp'] -%}
        {%- do given.setdefault(column.name, storage_type(column.data_type)) -%}
    {%- endfor -%}
    {%- do model.config.update({'column_types': dict(given)}) -%}
    {%- set relations = dbt.materialization_seed_default() -%}
    {#- Leave the parsed project unchanged. -#}
    {%- do given.clear() -%}
    {%- do given.update(before) -%}
    {{ return(relations) }}
{% endmaterialization %}

{# dbt's own version calls two macros for each cell to bind a value, which takes most of a full build. SQLite accepts
   32,766 values in a statement. #}
{% macro default__load_csv_rows(model, agate_table) -%}
    {%- set rows = [] -%}
    {%- for row in agate_table.rows -%}
        {%- do rows.append(adapter.transform_seed_row(row) if target.type == 'sqlite' else row) -%}
    {%- endfor -%}
    {%- set names = agate_table.column_names -%}
    {%- set values = '(' ~ ([get_binding_char()] * names | length) | join(',') ~ ')' -%}
    {%- set insert = 'insert into ' ~ this ~ ' (' ~ get_seed_column_quoted_csv(model, names) ~ ') values ' -%}
    {%- for chunk in rows | batch(30000 // names | length) -%}
        {%- set bindings = [] -%}
        {%- for row in chunk -%}{%- do bindings.extend(row) -%}{%- endfor -%}
        {%- do adapter.add_query(insert ~ ([values] * chunk | length) | join(','), bindings=bindings, abridge_sql_log=True) -%}
    {%- endfor -%}
    {#- dbt shows this as the compiled SQL. -#}
    {{ return(insert) }}
{%- endmacro %}
{% macro spark__load_csv_rows(model, agate_table) %}{{ return(dbt.spark__load_csv_rows(model, agate_table)) }}{% endmacro %}
