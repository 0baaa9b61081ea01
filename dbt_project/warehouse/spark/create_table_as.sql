{#
    A model with a contract becomes a Parquet table of exactly its documented columns. Types
    are made equal only where no value can change by it; any other difference, or a column on
    one side only, stops the build. What the model was built from is a property of the table,
    and so there at the same moment as its rows.

    The files have a place of their own, and each run another: what it has built stays as it is
    for whoever reads it, and for the builder to publish.
#}
{% macro spark__create_table_as(temporary, relation, compiled_code, language='sql') -%}
    {%- if temporary -%}
    create or replace temporary view {{ relation }} as
    {{ compiled_code }}
    {%- elif not config.get('contract').enforced -%}
    create table {{ relation }} using parquet as
    {{ compiled_code }}
    {%- else -%}
    {%- do check_columns(compiled_code) -%}
    {%- set columns = columns_as_promised(compiled_code) -%}
    create table {{ relation }} using parquet
    {{ location('main/' ~ relation.identifier | lower ~ '/' ~ invocation_id) }}
    {%- if not flags.EMPTY %}
    tblproperties ('hiring.state' = {{ quoted(text_of_state(state_of_model())) }})
    {%- endif %}
    as
    select {{ columns | join(', ') }}
    from (
        {{ compiled_code }}
    ) as built
    {%- endif -%}
{%- endmacro %}


{% macro spark__storage_type(data_type) -%}
    {{ return({'integer': 'bigint', 'boolean': 'boolean', 'real': 'double'}.get(data_type, 'string')) }}
{%- endmacro %}


{% macro spark__table_shape(types, key) -%}
    {%- set parts = [] -%}
    {%- for name, data_type in types.items() -%}
        {%- do parts.append(adapter.quote(name) ~ ' ' ~ storage_type(data_type)) -%}
    {%- endfor -%}
    {{ return('(' ~ parts | join(', ') ~ ') using parquet') }}
{%- endmacro %}


{% macro spark__columns_of(sql) -%}
    {{ return(types_of(sql).keys() | list) }}
{%- endmacro %}


{# {name: type} of a select, of which nothing is computed; asked once in a run. #}
{% macro types_of(sql) -%}
    {%- set known = known_in_this_run() -%}
    {%- set question = 'types.' ~ local_md5(sql) -%}
    {%- if question not in known -%}
        {%- set types = {} -%}
        {%- for row in answer_of('describe query ' ~ sql) -%}
            {%- do types.update({row[0]: row[1]}) -%}
        {%- endfor -%}
        {%- do known.update({question: types}) -%}
    {%- endif -%}
    {{ return(known[question]) }}
{%- endmacro %}


{# The model's columns in the types of its YAML. #}
{% macro columns_as_promised(sql) -%}
    {%- set whole = ['tinyint', 'smallint', 'int', 'bigint'] -%}
    {%- set lossless = {
        'bigint': whole,
        'double': whole[:3] + ['float', 'double'],
        'boolean': ['boolean'],
        'string': ['string'],
    } -%}
    {%- set types = types_of(sql) -%}
    {%- set columns = [] -%}
    {%- set wrong = [] -%}
    {%- for column in model.columns.values() -%}
        {%- set stored = storage_type(column.data_type) -%}
        {%- set built = types[column.name] -%}
        {%- if built.split('(')[0] not in lossless[stored] + ['void', 'varchar' if stored == 'string', 'char' if stored == 'string'] -%}
            {%- do wrong.append(column.name ~ ' is ' ~ built ~ ', not ' ~ column.data_type) -%}
        {%- endif -%}
        {%- set name = adapter.quote(column.name) -%}
        {%- do columns.append(name if built == stored else 'cast(' ~ name ~ ' as ' ~ stored ~ ') as ' ~ name) -%}
    {%- endfor -%}
    {%- if wrong -%}
        {%- do exceptions.raise_compiler_error(model.name ~ '.sql and ' ~ model.name ~ '.yml disagree about types: ' ~ wrong | join('; ') ~ '.') -%}
    {%- endif -%}
    {{ return(columns) }}
{%- endmacro %}


{# Nothing in a Parquet table can be replaced row by row: each build makes all of it. #}
{% materialization incremental, adapter='spark' -%}
    {{ return(materialization_table_spark()) }}
{%- endmaterialization %}


{% macro spark__needs_all_rows() -%}
    {{ return(true) }}
{%- endmacro %}


{# There are no indexes. #}
{% macro spark__index_grain(unique_key) -%}
    {{ return('') }}
{%- endmacro %}


{% macro spark__add_sums(arriving, target) -%}
    {%- do exceptions.raise_compiler_error('On Spark nothing is added to a model: each build makes all of it.') -%}
{%- endmacro %}
