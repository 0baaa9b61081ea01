{# What dbt-sqlite leaves to be said about SQLite. #}

{# Drop inside the model's transaction, so that a reader never finds the table missing. #}
{% macro sqlite__drop_relation(relation) -%}
    {#- Where SQLite is built to overwrite what it drops, that takes as long as a write. -#}
    {%- do query('pragma main.secure_delete = off') -%}
    {%- call statement('drop_relation') -%}
        drop {{ relation.type }} if exists {{ relation }}
    {%- endcall -%}
{%- endmacro %}


{# Readers and the one writer of a database do not wait for each other. #}
{% macro prepare_databases() -%}
    {%- do query('pragma main.journal_mode = wal') -%}
    {%- if target.name != 'dev' -%}
        {%- do query('pragma published.journal_mode = wal') -%}
        {%- do query(sqlite__builds_table()) -%}
        {#- Earlier versions kept whole contracts here, which now stand in the catalogue. -#}
        {%- do query('begin') -%}
        {%- do query("update published.builds set marts = '[]' where marts like '[{%'") -%}
        {%- do query('commit') -%}
    {%- endif -%}
{%- endmacro %}


{# Room and a second thread to sort in, for a model that is built from all its rows. #}
{% macro expect_many_rows() -%}
    {%- do query('pragma main.cache_size = -64000') -%}
    {%- do query('pragma threads = 2') -%}
{%- endmacro %}


{% macro relation_exists(relation) -%}
    {{ return(query("select 1 from " ~ relation.schema ~ ".sqlite_master where name = " ~ quoted(relation.identifier)) | length > 0) }}
{%- endmacro %}


{# Post-hook: one row per unique_key, kept by the database, indexed after the rows are in. #}
{% macro index_grain(unique_key) -%}
    create unique index if not exists {{ this.schema }}.{{ this.identifier }}_grain
    on {{ this.identifier }} ({{ unique_key }})
{%- endmacro %}


{#
    How an incremental model takes in the rows of a build: it adds them up (strategy `add`,
    see changed_rows.sql), or puts them in place of those with the same unique_key, and takes
    out those that count no more.
#}
{% macro sqlite_incremental_upsert(tmp_relation, target_relation, unique_key=none, statement_name="main") %}
    {%- if config.get('incremental_strategy') == 'add' -%}
    {{ add_to_groups(tmp_relation, target_relation) }}
    {%- else -%}
    {#- Replacing rows here and there in a large table dirties many pages: not one checkpoint each time. -#}
    {%- do query('pragma wal_autocheckpoint = 16000') -%}
    {%- do query('pragma main.journal_size_limit = 67108864') -%}
    {%- set going = (['select ' ~ unique_key ~ ' from ' ~ tmp_relation] + withdrawn_keys()) | join(' union ') -%}
    {%- set going = unique_key ~ ' in (' ~ going ~ ')' -%}
    {%- if keeps_changes() -%}
        {%- do keep_changes(tmp_relation, going) -%}
    {%- endif -%}
    {%- do statement_of('delete from ' ~ target_relation ~ ' where ' ~ going) -%}
    {%- set columns = column_names(model.columns.values()) -%}
    insert into {{ target_relation }} ({{ columns }})
    select {{ columns }} from {{ tmp_relation }}
    {%- endif -%}
{%- endmacro %}
