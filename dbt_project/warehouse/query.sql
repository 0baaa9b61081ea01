{# Run one statement outside dbt's transactions; fetch only from reads, because that takes dbt a millisecond. #}
{% macro query(sql) -%}
    {%- set reads = sql.strip().lower().startswith(('select', 'with', 'describe', 'show')) -%}
    {%- call statement('query', fetch_result=reads, auto_begin=false) -%}{{ sql }}{%- endcall -%}
    {{ return(load_result('query').table.rows if reads else []) }}
{%- endmacro %}

{# Not `begin immediate`, which also locks raw.db for writing: it would wait for uploads and block them. #}
{% macro transaction(statements) -%}
    {%- for sql in ['begin'] + statements + ['commit'] -%}{%- do query(sql) -%}{%- endfor -%}
{%- endmacro %}
{# Run a statement inside the model's transaction. #}
{% macro statement_of(sql) %}{% call statement('part') %}{{ sql }}{% endcall %}{% endmacro %}

{% macro literal(value) -%}
    {{ return('null' if value is none else value if value is number else quoted(value)) }}
{%- endmacro %}
{% macro quoted(text) %}{{ return(adapter.dispatch('quoted')(text)) }}{% endmacro %}
{% macro default__quoted(text) %}{{ return("'" ~ (text | string | replace("'", "''")) ~ "'") }}{% endmacro %}
{% macro spark__quoted(text) -%}
    {{ return("'" ~ (text | string | replace('\\', '\\\\') | replace("'", "\\'")) ~ "'") }}
{%- endmacro %}
{% macro literals(values) -%}
    {%- for value in values -%}{{ literal(value) }}{{ ', ' if not loop.last }}{%- endfor -%}
{%- endmacro %}

{# The quoted names, each in place of {0} in the pattern, joined by the separator. #}
{% macro quoted_names(names, pattern='{0}', separator=', ') -%}
    {%- for name in names -%}{{ pattern.format(adapter.quote(name)) }}{{ separator if not loop.last }}{%- endfor -%}
{%- endmacro %}

{% macro relation_exists(relation) %}{{ return(adapter.dispatch('relation_exists')(relation)) }}{% endmacro %}
{% macro sqlite__relation_exists(relation) -%}
    {{ return(query('select 1 from ' ~ relation.schema ~ '.sqlite_master where name = ' ~ quoted(relation.identifier)) | length > 0) }}
{%- endmacro %}
{% macro postgres__relation_exists(relation) -%}
    {{ return(query('select 1 where to_regclass(' ~ quoted(relation.include(database=false)) ~ ') is not null') | length > 0) }}
{%- endmacro %}
{% macro spark__relation_exists(relation) -%}
    {{ return(adapter.get_relation(none, relation.schema, relation.identifier) is not none) }}
{%- endmacro %}
