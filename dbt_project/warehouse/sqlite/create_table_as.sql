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
    create {% if temporary %}temporary {% endif %}table {{ relation }} {{ table_shape(column_types(model)) }}
    {%- endcall -%}
    {%- if config.get('materialized') == 'incremental' and not temporary -%}
        {%- do expect_many_rows() -%}
        {%- do index_nulls() -%}
    {%- endif -%}
    {{ insert_built(relation, sql) }}
    {%- endif -%}
{%- endmacro %}


{% macro sqlite__storage_type(data_type) -%}
    {{ return({'integer': 'integer', 'boolean': 'integer', 'real': 'real'}.get(data_type, 'text')) }}
{%- endmacro %}


{% macro sqlite__table_shape(types, key) -%}
    {%- set parts = [] -%}
    {%- for name, data_type in types.items() -%}
        {%- do parts.append(name | tojson ~ ' ' ~ storage_type(data_type)) -%}
    {%- endfor -%}
    {%- if key -%}
        {%- do parts.append('primary key (' ~ key | join(', ') ~ ')') -%}
    {%- endif -%}
    {{ return('(' ~ parts | join(', ') ~ ') strict') }}
{%- endmacro %}


{# By a view, so that nothing is computed: even `limit 0` would count groups first. #}
{% macro sqlite__columns_of(sql) -%}
    {%- do statement_of('create temporary view built as ' ~ sql) -%}
    {%- set names = query("select name from pragma_table_info('built')") | map(attribute=0) | list -%}
    {%- do statement_of('drop view temp.built') -%}
    {{ return(names) }}
{%- endmacro %}


{# Room and a second thread to sort in, for a model that is built from all its rows. #}
{% macro expect_many_rows() -%}
    {%- do query('pragma main.cache_size = -64000') -%}
    {%- do query('pragma threads = 2') -%}
{%- endmacro %}
