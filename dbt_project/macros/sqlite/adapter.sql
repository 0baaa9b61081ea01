{# What dbt-sqlite leaves to be said about SQLite. #}

{# Drop inside the model's transaction, so that a reader never finds the table missing. #}
{% macro sqlite__drop_relation(relation) -%}
    {%- call statement('drop_relation') -%}
        drop {{ relation.type }} if exists {{ relation }}
    {%- endcall -%}
{%- endmacro %}


{# Readers and the one writer of a database do not wait for each other. #}
{% macro prepare_databases() -%}
    {%- do query('pragma main.journal_mode = wal') -%}
    {%- if target.name != 'dev' -%}
        {%- do query('pragma published.journal_mode = wal') -%}
        {%- do query(builds_table()) -%}
        {#- Earlier versions kept whole contracts here, which now stand in the catalogue. -#}
        {%- do query('begin') -%}
        {%- do query("update published.builds set marts = '[]' where marts like '[{%'") -%}
        {%- do query('commit') -%}
    {%- endif -%}
{%- endmacro %}


{% macro relation_exists(relation) -%}
    {{ return(query("select 1 from " ~ relation.schema ~ ".sqlite_master where name = " ~ quoted(relation.identifier)) | length > 0) }}
{%- endmacro %}


{# Post-hook: one row per unique_key, kept by the database, indexed after the rows are in. #}
{% macro index_grain(unique_key) -%}
    create unique index if not exists {{ this.schema }}.{{ this.identifier }}_grain
    on {{ this.identifier }} ({{ unique_key }})
{%- endmacro %}
