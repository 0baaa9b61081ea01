{#
    A seed's table has the columns of its file, and the types of its YAML: `data_type: text`
    keeps the zeros of a code such as 01, and date and timestamp are text as in every model.
#}
{% materialization seed, default %}
    {%- set given = config.model.config.column_types -%}
    {%- set before = dict(given) -%}
    {%- for column in model.columns.values() if column.data_type in ['text', 'date', 'timestamp'] -%}
        {%- do given.setdefault(column.name, storage_type(column.data_type)) -%}
    {%- endfor -%}
    {%- do model.config.update({'column_types': dict(given)}) -%}
    {%- set relations = dbt.materialization_seed_default() -%}
    {#- The project that was parsed stays as it was. -#}
    {%- do given.clear() -%}
    {%- do given.update(before) -%}
    {{ return(relations) }}
{% endmaterialization %}


{# Where the header or a type is another than the table's, the table is made anew. #}
{% macro sqlite__reset_csv_table(model, full_refresh, old_relation, agate_table) -%}
    {{ return(dbt.default__reset_csv_table(model, full_refresh or has_other_columns(old_relation, agate_table), old_relation, agate_table)) }}
{%- endmacro %}


{% macro postgres__reset_csv_table(model, full_refresh, old_relation, agate_table) -%}
    {{ return(dbt.default__reset_csv_table(model, full_refresh or has_other_columns(old_relation, agate_table), old_relation, agate_table)) }}
{%- endmacro %}


{% macro has_other_columns(relation, agate_table) -%}
    {#- As PostgreSQL calls the types that dbt has shorter names for. -#}
    {%- set names = {'float8': 'double precision', 'time': 'time without time zone'} -%}
    {%- set given = model.config.get('column_types', {}) -%}
    {%- set wanted = {} -%}
    {%- for name in agate_table.column_names -%}
        {%- set type = given.get(name, adapter.convert_type(agate_table, loop.index0)) | lower -%}
        {%- do wanted.update({name | lower: names.get(type, type)}) -%}
    {%- endfor -%}
    {%- set there = {} -%}
    {%- for column in adapter.get_columns_in_relation(relation) -%}
        {%- do there.update({column.name | lower: column.dtype | lower}) -%}
    {%- endfor -%}
    {{ return(wanted != there) }}
{%- endmacro %}


{% macro sqlite__load_csv_rows(model, agate_table) -%}
    {%- set rows = [] -%}
    {%- for row in agate_table.rows -%}
        {%- do rows.append(adapter.transform_seed_row(row)) -%}
    {%- endfor -%}
    {{ return(load_seed_rows(model, agate_table.column_names, rows, '?')) }}
{%- endmacro %}


{% macro postgres__load_csv_rows(model, agate_table) -%}
    {{ return(load_seed_rows(model, agate_table.column_names, agate_table.rows, '%s')) }}
{%- endmacro %}


{#
    dbt's own asks two macros for each cell how a value is bound, which takes most of a build of
    everything. SQLite takes 32,766 values in a statement.
#}
{% macro load_seed_rows(model, columns, rows, placeholder) -%}
    {%- set statements = [] -%}
    {%- set values = '(' ~ ([placeholder] * columns | length) | join(',') ~ ')' -%}
    {%- for chunk in rows | batch(30000 // columns | length) -%}
        {%- set sql -%}
            insert into {{ this }} ({{ get_seed_column_quoted_csv(model, columns) }})
            values {{ ([values] * chunk | length) | join(',') }}
        {%- endset -%}
        {%- set bindings = [] -%}
        {%- for row in chunk -%}{%- do bindings.extend(row) -%}{%- endfor -%}
        {%- do adapter.add_query(sql, bindings=bindings, abridge_sql_log=True) -%}
        {%- do statements.append(sql) -%}
    {%- endfor -%}
    {#- Shown as what was compiled. -#}
    {{ return(statements[0]) }}
{%- endmacro %}
