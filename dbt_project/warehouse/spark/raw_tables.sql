{#
    The upload tables and the ledger as Spark finds them in the shared storage. The files are
    the API's and the builder's; here stands only what the metastore has to know of them.
#}
{% macro spark__prepare_warehouse() -%}
    {%- do query('create schema if not exists raw') -%}
    {%- do query('create schema if not exists published ' ~ location('published')) -%}
    {%- do refuse_other_storage() -%}
    {%- set known = known_relations('raw') -%}
    {%- for name, types in ledger_tables().items() -%}
        {%- do follow_ledger(name, types, known) -%}
    {%- endfor -%}
    {%- set counting = rows_that_count() -%}
    {%- for source in graph.sources.values() if source.schema == 'raw' -%}
        {%- do follow_uploads(source, known) -%}
        {%- do refuse_missing_rows(source, counting.get(source.identifier, 0)) -%}
    {%- endfor -%}
{%- endmacro %}


{# What is published has to be where the builder looks for it. #}
{% macro refuse_other_storage() -%}
    {%- set places = answer_of('describe schema published') | selectattr(0, 'equalto', 'Location') | map(attribute=1) | list -%}
    {%- set place = modules.re.sub('^file:/+', '/', places[0]) -%}
    {%- if place != shared_storage('published') -%}
        {%- do exceptions.raise_compiler_error('Not begun: the schema published of this Spark is of another warehouse, at '
            ~ place ~ '; drop it, or set SHARED_STORAGE to that warehouse\'s.') -%}
    {%- endif -%}
{%- endmacro %}


{% macro ledger_tables() -%}
    {{ return({
        'loads': {'load_id': 'integer', 'table_name': 'text', 'mode': 'text', 'of_load': 'integer', 'loaded': 'integer', 'loaded_at': 'text'},
        'load_spans': {'load_id': 'integer', 'table_name': 'text', 'from_id': 'integer', 'until_id': 'integer'},
        'build_requests': {'request_id': 'integer', 'requested_at': 'text'},
    }) }}
{%- endmacro %}


{# Each version is whole in a folder of its own, and the newest one holds. #}
{% macro follow_ledger(name, types, known) -%}
    {%- set columns = quoted_names(types) -%}
    {%- set versions = 'raw.' ~ name ~ '_versions' -%}
    {%- if name ~ '_versions' not in known -%}
        {%- do types.update({'version': 'integer'}) -%}
        {%- do query('create table ' ~ versions ~ ' ' ~ table_shape(types) ~ ' partitioned by (version) '
            ~ location('ledger/' ~ name)) -%}
    {%- endif -%}
    {%- if name not in known -%}
        {%- do query('create view raw.' ~ name ~ ' as select ' ~ columns ~ ' from ' ~ versions
            ~ ' where version = (select max(version) from ' ~ versions ~ ')') -%}
    {%- endif -%}
    {%- do query('msck repair table ' ~ versions ~ ' sync partitions') -%}
{%- endmacro %}


{# By the ledger, of each upload table that has any. #}
{% macro rows_that_count() -%}
    {%- set tables = {} -%}
    {%- for row in query('
        select spans.table_name, sum(loads.loaded)
        from (select distinct table_name, load_id from raw.load_spans where until_id is null) as spans
        inner join raw.loads as loads on spans.load_id = loads.load_id
        group by spans.table_name') -%}
        {%- do tables.update({row[0]: row[1] | int}) -%}
    {%- endfor -%}
    {{ return(tables) }}
{%- endmacro %}


{#
    A table of the contract's columns over the files of all its loads, of which the metastore
    is told nothing: it does not bear some hundred partitions. Dropping it drops no file.
#}
{% macro follow_uploads(source, known) -%}
    {%- set table = 'raw.' ~ adapter.quote(source.identifier) -%}
    {%- set types = column_types(source) -%}
    {%- do types.update({'_row': 'integer'}) -%}
    {%- set columns = table_shape(types) -%}
    {%- set shape = local_md5(columns ~ shared_storage('raw')) -%}
    {%- set information = known.get(source.identifier | lower) -%}
    {%- if property_in(information, 'hiring.shape') != shape -%}
        {%- do query('drop table if exists ' ~ table) -%}
        {%- do query('create table ' ~ table ~ ' ' ~ columns ~ ' '
            ~ location('raw/' ~ source.identifier) ~ " tblproperties ('hiring.shape' = '" ~ shape ~ "')") -%}
    {%- endif -%}
    {%- do query('refresh table ' ~ table) -%}
{%- endmacro %}


{# Spark takes a file that is gone for one without rows. #}
{% macro refuse_missing_rows(source, counting) -%}
    {%- if counting -%}
        {%- set uploads = api.Relation.create(schema='raw', identifier=source.identifier) -%}
        {%- set stored = query('select count(*) from ' ~ rows_of_loads(uploads, 'until_id is null'))[0][0] | int -%}
        {%- if stored != counting -%}
            {%- do exceptions.raise_compiler_error('Not begun: of the ' ~ counting ~ ' rows of ' ~ source.identifier
                ~ ' that count Spark finds ' ~ stored ~ ' in the shared storage.') -%}
        {%- endif -%}
    {%- endif -%}
{%- endmacro %}


{% macro quoted_names(names) -%}
    {%- set parts = [] -%}
    {%- for name in names -%}
        {%- do parts.append(adapter.quote(name)) -%}
    {%- endfor -%}
    {{ return(parts | join(', ')) }}
{%- endmacro %}


{# A row's key has its load's number on top. #}
{% macro spark__load_of_row() -%}
    {{ return('shiftright(_row, 32)') }}
{%- endmacro %}


{% macro spark__relation_exists(relation) -%}
    {{ return(adapter.get_relation(database=none, schema=relation.schema, identifier=relation.identifier) is not none) }}
{%- endmacro %}


{# Of files before the first of these loads, as when one replaced the table, only the end is read. #}
{% macro spark__rows_of_loads(uploads, condition) -%}
    (
        select *
        from {{ uploads }}
        where {{ load_of_row() }} in (select load_id from {{ spans_of(uploads) }} where {{ condition }})
            and _row >= (select min(load_id) * 4294967296 from {{ spans_of(uploads) }} where {{ condition }})
    ) as counting
{%- endmacro %}


{# One pass over the rows: a second one, to join them, costs Spark more than moving them. #}
{% macro spark__newest_of(uploads, rows, unique_key) -%}
    select *
    from (
        select
            *,
            row_number() over (partition by {{ unique_key }} order by _row desc) as _recency
        from {{ rows }}
    ) as versions
    where _recency = 1
{%- endmacro %}
