{% macro prepare_warehouse() %}{{ return(adapter.dispatch('prepare_warehouse')()) }}{% endmacro %}
{% macro sqlite__prepare_warehouse() -%}
    {#- With a write-ahead log readers and the writer do not wait for each other. -#}
    {%- do query('pragma main.journal_mode = wal') -%}
    {%- do create_lease_table() -%}
{%- endmacro %}

{# Under a lock: two runs may create a schema at once despite `if not exists`, which also requires the privilege. #}
{% macro postgres__prepare_warehouse() -%}
    {%- do query('begin') -%}
    {%- do query("select pg_advisory_xact_lock(hashtext('prepare_warehouse'))") -%}
    {%- if not query('select 1 where to_regnamespace(' ~ quoted(target.schema) ~ ') is not null') -%}
        {%- do query('create schema ' ~ target.schema) -%}
    {%- endif -%}
    {%- do create_lease_table() -%}
    {%- do query('commit') -%}
{%- endmacro %}

{# The upload tables and the ledger in the shared storage, for Spark. The API and the builder write the files; this only
   registers them in the metastore. #}
{% macro spark__prepare_warehouse() -%}
    {%- do query('create schema if not exists raw') -%}
    {%- do query('create schema if not exists published ' ~ location('published')) -%}
    {%- do check_storage() -%}
    {%- set known = known_relations('raw') -%}
    {%- do follow_ledger('loads', {'load_id': 'integer', 'table_name': 'text', 'mode': 'text', 'of_load': 'integer',
        'loaded': 'integer', 'loaded_at': 'text'}, known) -%}
    {%- do follow_ledger('load_spans', {'load_id': 'integer', 'table_name': 'text', 'from_id': 'integer',
        'until_id': 'integer'}, known) -%}
    {%- do follow_ledger('build_requests', {'request_id': 'integer', 'requested_at': 'text'}, known) -%}
    {%- set counting = query('
        select spans.table_name, sum(spans.counts * loads.loaded)
        from (
            select table_name, load_id, max(case when until_id is null then 1 else 0 end) as counts
            from raw.load_spans group by table_name, load_id
        ) as spans
        inner join raw.loads as loads on spans.load_id = loads.load_id
        group by spans.table_name') -%}
    {%- for name, expected in counting if upload_table(name) -%}
        {%- do follow_uploads(upload_table(name), known) -%}
        {#- Spark reads a missing file as an empty one. -#}
        {%- set rows = rows_of_loads(api.Relation.create(none, 'raw', name), 'until_id is null') -%}
        {%- set found = query('select count(*) from ' ~ rows)[0][0] -%}
        {%- if found | int != expected | int -%}
            {%- do exceptions.raise_compiler_error('Not begun: of the ' ~ expected ~ ' rows of ' ~ name
                ~ ' that count Spark finds ' ~ found ~ ' in the shared storage.') -%}
        {%- endif -%}
    {%- endfor -%}
{%- endmacro %}
{% macro upload_table(name) %}{{ return(graph.sources.get('source.' ~ project_name ~ '.raw.' ~ name)) }}{% endmacro %}

{# An error unless the schema published is where the builder looks for it. #}
{% macro check_storage() -%}
    {%- set locations = query('describe schema published') | selectattr(0, 'equalto', 'Location') -%}
    {%- set place = modules.re.sub('^file:/+', '/', (locations | first)[1]) -%}
    {%- if place != shared_storage('published') -%}
        {%- do exceptions.raise_compiler_error(
            'Not begun: the schema published of this Spark is of another warehouse, at ' ~ place
            ~ '; drop it, or set SHARED_STORAGE to that warehouse\'s.') -%}
    {%- endif -%}
{%- endmacro %}

{# Each version of the ledger is complete in its own folder; the newest one is valid. #}
{% macro follow_ledger(name, types, known) -%}
    {%- set versions = 'raw.' ~ name ~ '_versions' -%}
    {%- if name ~ '_versions' not in known -%}
        {%- do query('create table ' ~ versions ~ ' ' ~ table_shape(dict(types, version='integer'))
            ~ ' partitioned by (version) ' ~ location('ledger/' ~ name)) -%}
    {%- endif -%}
    {%- if name not in known -%}
        {%- do query('create view raw.' ~ name ~ ' as select ' ~ quoted_names(types) ~ ' from ' ~ versions
            ~ ' where version = (select max(version) from ' ~ versions ~ ')') -%}
    {%- endif -%}
    {%- do query('msck repair table ' ~ versions ~ ' sync partitions') -%}
{%- endmacro %}

{# A table with the contract's columns over the files of all loads. They are not registered as partitions, because the
   metastore cannot take hundreds of them. Dropping the table deletes no file. #}
{% macro follow_uploads(source, known) -%}
    {%- set table = 'raw.' ~ adapter.quote(source.identifier) -%}
    {%- set columns = table_shape(dict(column_types(source), _row='integer')) -%}
    {%- set shape = local_md5(columns ~ shared_storage('raw')) -%}
    {%- if property_in(known.get(source.identifier | lower), 'hiring.shape') != shape -%}
        {%- do query('drop table if exists ' ~ table) -%}
        {%- do query('create table ' ~ table ~ ' ' ~ columns ~ ' '
            ~ location('raw/' ~ source.identifier) ~ " tblproperties ('hiring.shape' = '" ~ shape ~ "')") -%}
    {%- endif -%}
    {%- do query('refresh table ' ~ table) -%}
{%- endmacro %}
