{# A model with a contract is built as a table of exactly its documented columns, filled by name. A value of another
   type is an error, and so is a column that is only in the SQL or only in the YAML. #}
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
        {#- More memory and a second thread to sort all rows at once. -#}
        {%- do query('pragma main.cache_size = -64000') -%}
        {%- do query('pragma threads = 2') -%}
    {%- endif -%}
    {{ default__create_table_as(temporary, relation, sql) }}
{%- endmacro %}

{# The model's state is a property of the table, written together with its rows. Each run has its own folder, so what
   it has built stays unchanged for readers, and for the builder to publish. #}
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

{# On Spark, cast columns to their documented types only where that changes no value. #}
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

{# The columns of a select, without running it: on SQLite even `limit 0` computes the groups. #}
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

{# {name: data_type} from the YAML of a model or a source. #}
{% macro column_types(node) -%}
    {%- set types = {} -%}
    {%- for column in node.columns.values() -%}{%- do types.update({column.name: column.data_type}) -%}{%- endfor -%}
    {{ return(types) }}
{%- endmacro %}

{# On PostgreSQL text sorts by code point, whatever the collation of the database. #}
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

{# A partial index of the rows of a large table with a null, which are few, for the not_null tests. #}
{% macro index_nulls(relation) -%}
    {%- if config.get('materialized') == 'incremental' -%}
        {%- do statement_of('create index ' ~ index_on(relation, 'nulls') ~ ' (' ~ quoted_names([model.columns | first])
            ~ ') where ' ~ quoted_names(model.columns, '{0} is null', ' or ')) -%}
    {%- endif -%}
{%- endmacro %}
