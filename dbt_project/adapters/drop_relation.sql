{# Inside the model's transaction, so that a reader never finds the table missing. #}
{% macro sqlite__drop_relation(relation) -%}
    {#- Where SQLite is built to overwrite what it drops, that takes as long as a write. -#}
    {%- do query('pragma main.secure_delete = off') -%}
    {%- do statement_of('drop ' ~ relation.type ~ ' if exists ' ~ relation) -%}
{%- endmacro %}
