{# A model with a contract becomes a table of exactly its documented columns, filled by name, so a value of another
   type or a column on one side only stops the build. #}
{% macro default__create_table_as(temporary, relation, sql) -%}
    {%- set create = 'create ' ~ ('temporary ' if temporary else '') ~ 'table ' ~ relation -%}
    {%- if not config.get('contract').enforced -%}
    {{ create }} as {{ sql }}
    {%- else -%}
    {%- do check_columns(columns_of(sql)) -%}
    {%- if keeps_changes() and not temporary -%}{%- do forget_changes() -%}{%- endif -%}
    {%- do statement_of(create ~ ' ' ~ table_shape(column_types(model))) -%}
    {%- if not temporary -%}{%- do index_nulls(relation) -%}{%- endif -%}
    insert into {{ relation }} ({{ quoted_names(model.columns) }})
    select {{ quoted_names(model.columns) }} from (
        {{ sql }}
    ) as built
    {%- endif -%}
{%- endmacro %}

{% macro sqlite__create_table_as(temporary, relation, sql) -%}
    {%- if config.get('materialized') == 'incremental' and not temporary -%}
        {#- Room and a second thread to sort in, for all rows at once. -#}
        {%- do query('pragma main.cache_size = -64000') -%}
        {%- do query('pragma threads = 2') -%}
    {%- endif -%}
    {{ default__create_table_as(temporary, relation, sql) }}
{%- endmacro %}

{# What the model was built from is a property of the table, there at the same moment as its rows. Each run has another
   place for its files: what it has built stays as it is for whoever reads it, and for the builder to publish. #}
{% macro spark__create_table_as(temporary, relation, compiled_code, language='sql') -%}
    {%- if temporary -%}
    create or replace temporary view {{ relation }} as {{ compiled_code }}
    {%- elif not config.get('contract').enforced -%}
    create table {{ relation }} using parquet as {{ compiled_code }}
    {%- else -%}
    {%- set columns, state = columns_as_promised(compiled_code), state_of_model() -%}
    create table {{ relation }} using parquet
    {{ location('main/' ~ relation.identifier | lower ~ '/' ~ invocation_id) }}
    {%- if not flags.EMPTY %}
    {%- set text = [state.model, state.invocation_id, state.last_load_id, state.code] | join(' ') %}
    tblproperties ('hiring.state' = {{ quoted(text) }})
    {%- endif %}
    as select {{ columns | join(', ') }} from (
        {{ compiled_code }}
    ) as built
    {%- endif -%}
{%- endmacro %}

{# On Spark types are made equal only where no value can change by it. #}
{% macro columns_as_promised(sql) -%}
    {%- set built = {} -%}
    {%- for row in query('describe query ' ~ sql) -%}{%- do built.update({row[0]: row[1]}) -%}{%- endfor -%}
    {%- do check_columns(built | list) -%}
    {%- set lossless = {
        'bigint': ['tinyint', 'smallint', 'int', 'bigint'], 'boolean': ['boolean'],
        'double': ['tinyint', 'smallint', 'int', 'float', 'double'], 'string': ['string', 'varchar', 'char'],
    } -%}
    {%- set columns, wrong = [], [] -%}
    {%- for name, data_type in column_types(model).items() -%}
        {%- set stored, column = storage_type(data_type), adapter.quote(name) -%}
        {%- if built[name].split('(')[0] not in lossless[stored] + ['void'] -%}
            {%- do wrong.append(name ~ ' is ' ~ built[name] ~ ', not ' ~ data_type) -%}
        {%- endif -%}
        {%- set cast = 'cast(' ~ column ~ ' as ' ~ stored ~ ') as ' ~ column -%}
        {%- do columns.append(column if built[name] == stored else cast) -%}
    {%- endfor -%}
    {%- if wrong -%}
        {%- do exceptions.raise_compiler_error(
            model.name ~ '.sql and ' ~ model.name ~ '.yml disagree about types: ' ~ wrong | join('; ') ~ '.') -%}
    {%- endif -%}
    {{ return(columns) }}
{%- endmacro %}

{% macro check_columns(built) -%}
    {%- set undocumented = built | reject('in', model.columns) | join(', ') -%}
    {%- set missing = model.columns | reject('in', built) | join(', ') -%}
    {%- if undocumented or missing -%}
        {%- do exceptions.raise_compiler_error(
            model.name ~ '.sql and ' ~ model.name ~ '.yml disagree about its columns.'
            ~ (' Built but not documented: ' ~ undocumented ~ '.' if undocumented else '')
            ~ (' Documented but not built: ' ~ missing ~ '.' if missing else '')) -%}
    {%- endif -%}
{%- endmacro %}

{# Of a select, of which nothing is computed: even `limit 0` would count groups on SQLite. #}
{% macro columns_of(sql) %}{{ return(adapter.dispatch('columns_of')(sql)) }}{% endmacro %}
{% macro default__columns_of(sql) -%}
    {%- do statement_of('create temporary view built as ' ~ sql) -%}
    {%- set names = query("select name from pragma_table_info('built')") | map(attribute=0) | list -%}
    {%- do statement_of('drop view temp.built') -%}
    {{ return(names) }}
{%- endmacro %}
{% macro postgres__columns_of(sql) -%}
    {{ return(adapter.get_column_schema_from_query(get_empty_subquery_sql(sql)) | map(attribute='name') | list) }}
{%- endmacro %}

{# {name: type} as the YAML of a model or a source has them. #}
{% macro column_types(node) -%}
    {%- set types = {} -%}
    {%- for column in node.columns.values() -%}{%- do types.update({column.name: column.data_type}) -%}{%- endfor -%}
    {{ return(types) }}
{%- endmacro %}

{# PostgreSQL sorts texts by code point, whatever the database was made for. #}
{% macro table_shape(types, key=[]) %}{{ return(adapter.dispatch('table_shape')(types, key)) }}{% endmacro %}
{% macro sqlite__table_shape(types, key) %}{{ return(shape(types, key) ~ ' strict') }}{% endmacro %}
{% macro postgres__table_shape(types, key) %}{{ return(shape(types, key, {'text': 'text collate "C"'})) }}{% endmacro %}
{% macro spark__table_shape(types, key) %}{{ return(shape(types) ~ ' using parquet') }}{% endmacro %}
{% macro shape(types, key=[], instead={}) -%}
    {%- set parts = [] -%}
    {%- for name, data_type in types.items() -%}
        {%- set stored = storage_type(data_type) -%}
        {%- do parts.append(adapter.quote(name) ~ ' ' ~ instead.get(stored, stored)) -%}
    {%- endfor -%}
    {%- if key -%}{%- do parts.append('primary key (' ~ key | join(', ') ~ ')') -%}{%- endif -%}
    {{ return('(' ~ parts | join(', ') ~ ')') }}
{%- endmacro %}

{# Of the rows of a large table that lack something: few, and what not_null looks for. #}
{% macro index_nulls(relation) -%}
    {%- if config.get('materialized') == 'incremental' -%}
        {%- do statement_of('create index ' ~ index_on(relation, 'nulls') ~ ' (' ~ quoted_names([model.columns | first])
            ~ ') where ' ~ quoted_names(model.columns, '{0} is null', ' or ')) -%}
    {%- endif -%}
{%- endmacro %}
