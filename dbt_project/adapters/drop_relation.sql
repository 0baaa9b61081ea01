{# Inside the model's transaction, so that no reader finds the table missing. #}
{% macro sqlite__drop_relation(relation) -%}
    {#- Some builds of SQLite overwrite dropped pages, which takes as long as writing them. -#}
    {%- do query('pragma main.secure_delete = off') -%}
    {%- do statement_of('drop ' ~ relation.type ~ ' if exists ' ~ relation) -%}
{%- endmacro %}
