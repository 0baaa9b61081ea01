{#
    A model with a contract becomes a table of exactly its documented columns, filled by name,
    so a value of another type or a column on one side only stops the build.
#}
{% macro create_promised_table(temporary, relation, sql) -%}
    {%- set create = 'create ' ~ ('temporary ' if temporary else '') ~ 'table ' ~ relation -%}
    {%- if not config.get('contract').enforced -%}
    {{ create }} as
    {{ sql }}
    {%- else -%}
    {%- do check_columns(sql) -%}
    {%- if keeps_changes() and not temporary -%}{%- do forget_changes() -%}{%- endif -%}
    {%- do statement_of(create ~ ' ' ~ table_shape(column_types(model))) -%}
    {%- if config.get('materialized') == 'incremental' and not temporary -%}{%- do index_nulls(relation) -%}{%- endif -%}
    insert into {{ relation }} ({{ quoted_names(model.columns) }})
    select {{ quoted_names(model.columns) }}
    from (
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
    {{ create_promised_table(temporary, relation, sql) }}
{%- endmacro %}

{# PostgreSQL would cut a longer name, so that two might become one. #}
{% macro postgres__create_table_as(temporary, relation, sql) -%}
    {%- set too_many = model.name.encode('utf-8') | length + 10 - 63 -%}
    {%- if config.get('contract').enforced and 'marts' in model.fqn and too_many > 0 -%}
        {%- do exceptions.raise_compiler_error('The name ' ~ model.name ~ ' is too long by ' ~ too_many
            ~ ' bytes: PostgreSQL knows names of 63, of which 10 tell one build from another.') -%}
    {%- endif -%}
    {{ create_promised_table(temporary, relation, sql) }}
{%- endmacro %}

{#
    Types are made equal only where no value can change by it. What the model was built from is
    a property of the table, and so there at the same moment as its rows. The files have a
    place of their own, and each run another: what it has built stays as it is for whoever
    reads it, and for the builder to publish.
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
    {%- set state = state_of_model() %}
    tblproperties ('hiring.state' = {{ quoted([state.model, state.invocation_id, state.last_load_id, state.code] | join(' ')) }})
    {%- endif %}
    as
    select {{ columns | join(', ') }}
    from (
        {{ compiled_code }}
    ) as built
    {%- endif -%}
{%- endmacro %}

{# The columns of a model or a source as its YAML has them: {name: type of the contract}. #}
{% macro column_types(node) -%}
    {%- set types = {} -%}
    {%- for column in node.columns.values() -%}{%- do types.update({column.name: column.data_type}) -%}{%- endfor -%}
    {{ return(types) }}
{%- endmacro %}

{# What stands behind the name in `create table`, for columns as {name: type of the contract}. #}
{% macro table_shape(types, key=[]) -%}{{ return(adapter.dispatch('table_shape')(types, key)) }}{%- endmacro %}

{% macro sqlite__table_shape(types, key) -%}{{ shape_in_brackets(types, key) }} strict{%- endmacro %}

{# Texts are sorted by code point, whatever the database was made for. #}
{% macro postgres__table_shape(types, key) -%}{{ shape_in_brackets(types, key, {'text': 'text collate "C"'}) }}{%- endmacro %}

{% macro spark__table_shape(types, key) -%}{{ shape_in_brackets(types, []) }} using parquet{%- endmacro %}

{% macro shape_in_brackets(types, key, instead={}) -%}
    (
    {%- for name, data_type in types.items() -%}
        {%- set stored = storage_type(data_type) -%}
        {{ adapter.quote(name) }} {{ instead.get(stored, stored) }}{{ ', ' if not loop.last }}
    {%- endfor -%}
    {{ ', primary key (' ~ key | join(', ') ~ ')' if key }})
{%- endmacro %}

{# Refuse a column that only the SQL has, or only the YAML. #}
{% macro check_columns(sql) -%}
    {%- set built = columns_of(sql) -%}
    {%- set documented = model.columns | list -%}
    {%- set undocumented = built | reject('in', documented) | join(', ') -%}
    {%- set missing = documented | reject('in', built) | join(', ') -%}
    {%- if undocumented or missing -%}
        {%- do exceptions.raise_compiler_error(
            model.name ~ '.sql and ' ~ model.name ~ '.yml disagree about its columns.'
            ~ (' Built but not documented: ' ~ undocumented ~ '.' if undocumented else '')
            ~ (' Documented but not built: ' ~ missing ~ '.' if missing else '')
        ) -%}
    {%- endif -%}
{%- endmacro %}

{# The names of the columns of a select, of which nothing is computed. #}
{% macro columns_of(sql) -%}{{ return(adapter.dispatch('columns_of')(sql)) }}{%- endmacro %}

{# By a view: even `limit 0` would count groups first. #}
{% macro sqlite__columns_of(sql) -%}
    {%- do statement_of('create temporary view built as ' ~ sql) -%}
    {%- set names = query("select name from pragma_table_info('built')") | map(attribute=0) | list -%}
    {%- do statement_of('drop view temp.built') -%}
    {{ return(names) }}
{%- endmacro %}

{% macro postgres__columns_of(sql) -%}
    {{ return(adapter.get_column_schema_from_query(get_empty_subquery_sql(sql)) | map(attribute='name') | list) }}
{%- endmacro %}

{% macro spark__columns_of(sql) -%}{{ return(types_of(sql).keys() | list) }}{%- endmacro %}

{# {name: type} of a select, of which nothing is computed. #}
{% macro types_of(sql) -%}{{ return(once('types of ' ~ local_md5(sql), described_types, sql)) }}{%- endmacro %}

{% macro described_types(sql) -%}
    {%- set types = {} -%}
    {%- for row in query('describe query ' ~ sql) -%}{%- do types.update({row[0]: row[1]}) -%}{%- endfor -%}
    {{ return(types) }}
{%- endmacro %}

{# The model's columns in the types of its YAML, for Spark. #}
{% macro columns_as_promised(sql) -%}
    {%- set whole = ['tinyint', 'smallint', 'int', 'bigint'] -%}
    {%- set lossless = {
        'bigint': whole,
        'double': whole[:3] + ['float', 'double'],
        'boolean': ['boolean'],
        'string': ['string', 'varchar', 'char'],
    } -%}
    {%- set types = types_of(sql) -%}
    {%- set columns = [] -%}
    {%- set wrong = [] -%}
    {%- for column in model.columns.values() -%}
        {%- set stored = storage_type(column.data_type) -%}
        {%- set built = types[column.name] -%}
        {%- if built.split('(')[0] not in lossless[stored] + ['void'] -%}
            {%- do wrong.append(column.name ~ ' is ' ~ built ~ ', not ' ~ column.data_type) -%}
        {%- endif -%}
        {%- set name = adapter.quote(column.name) -%}
        {%- do columns.append(name if built == stored else 'cast(' ~ name ~ ' as ' ~ stored ~ ') as ' ~ name) -%}
    {%- endfor -%}
    {%- if wrong -%}
        {%- do exceptions.raise_compiler_error(
            model.name ~ '.sql and ' ~ model.name ~ '.yml disagree about types: ' ~ wrong | join('; ') ~ '.') -%}
    {%- endif -%}
    {{ return(columns) }}
{%- endmacro %}

{# An index of the rows that lack something they must have: empty, or what not_null shows. #}
{% macro index_nulls(relation) -%}
    {%- set lacking = [] -%}
    {%- for test in graph.nodes.values() if test.attached_node == model.unique_id and test.test_metadata -%}
        {%- if test.test_metadata.name == 'not_null' -%}{%- do lacking.append(adapter.quote(test.column_name) ~ ' is null') -%}{%- endif -%}
    {%- endfor -%}
    {%- if lacking -%}
        {%- do statement_of('create index ' ~ index_on(relation, 'nulls') ~ ' (' ~ quoted_names([model.columns | first])
            ~ ') where ' ~ lacking | join(' or ')) -%}
    {%- endif -%}
{%- endmacro %}

{# What stands behind `create index`. #}
{% macro index_on(relation, name) -%}{{ return(adapter.dispatch('index_on')(relation, name)) }}{%- endmacro %}

{% macro sqlite__index_on(relation, name) -%}
    {{ relation.schema }}.{{ relation.identifier }}_{{ name }} on {{ relation.identifier }}
{%- endmacro %}

{# Without a name: dbt builds a table beside the one that it replaces, whose indexes go only after it. #}
{% macro postgres__index_on(relation, name) -%}on {{ relation }}{%- endmacro %}
