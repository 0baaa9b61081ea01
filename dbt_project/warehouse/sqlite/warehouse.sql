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
{% macro sqlite__prepare_warehouse() -%}
    {%- do require_spans() -%}
    {%- do query('pragma main.journal_mode = wal') -%}
    {%- do create_lease_table() -%}
{%- endmacro %}


{# Earlier versions kept no spans; only what writes raw.db may bring it up to date. #}
{% macro require_spans() -%}
    {%- if relation_exists(api.Relation.create(schema='raw', identifier='loads')) and not relation_exists(api.Relation.create(schema='raw', identifier='load_spans')) -%}
        {%- do exceptions.raise_compiler_error('raw.db was written by an earlier version. Run `python -m api build` once, which brings it up to date.') -%}
    {%- endif -%}
{%- endmacro %}


{% macro sqlite__relation_exists(relation) -%}
    {{ return(query("select 1 from " ~ relation.schema ~ ".sqlite_master where name = " ~ quoted(relation.identifier)) | length > 0) }}
{%- endmacro %}
