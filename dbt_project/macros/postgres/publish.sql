{#
    A reader's transaction sees the catalogue of tables as it is now and rows as of its
    snapshot: of a table that was dropped and made again under the same name it would read no
    rows at all. So each build publishes tables of its own, which nobody changes any more; the
    catalogue says which they are, and the tables of the build before stay for who still reads
    them. Beside them a view of each mart's own name is for people with SQL tools.
#}

{#
    Whoever rebuilds a model waits at its stamp. First the marts, then the stamps: a model's
    transaction locks them in this order, too.
#}
{% macro postgres__begin_publishing(marts) -%}
    {%- do query('begin') -%}
    {%- do query('lock table ' ~ marts | map(attribute='relation_name') | join(', ') ~ ' in access share mode') -%}
    {%- do query('lock table ' ~ state_table('dbt_model_states') ~ ' in share mode') -%}
{%- endmacro %}


{% macro postgres__publish_marts(marts, documents, build) -%}
    {%- set known = published_documents().values() | map(attribute='table') | list -%}
    {%- do drop_published(known, marts | map(attribute='name') | list) -%}
    {%- for mart in marts -%}
        {%- set table = stamped_name(mart.name) -%}
        {%- do copy_of_mart(mart, 'published.' ~ table | tojson) -%}
        {%- do show_as_view(mart, table) -%}
        {%- do documents[mart.name].update({'table': table}) -%}
    {%- endfor -%}
    {%- do write_catalogue(documents) -%}
    {%- do insert_build(build) -%}
    {%- do query('commit') -%}
{%- endmacro %}


{% macro stamped_name(mart) -%}
    {{ return(mart ~ '__' ~ invocation_id[:8]) }}
{%- endmacro %}


{# PostgreSQL would cut a longer name, so that two might become one. #}
{% macro check_name_of_mart() -%}
    {%- set bytes = stamped_name(model.name).encode('utf-8') | length -%}
    {%- if bytes > 63 and is_published(model) -%}
        {%- do exceptions.raise_compiler_error('The name ' ~ model.name ~ ' is too long by ' ~ (bytes - 63)
            ~ ' bytes: PostgreSQL knows names of 63, of which 10 tell one build from another.') -%}
    {%- endif -%}
{%- endmacro %}


{#
    Drop the tables of builds before the one that is published now, and the views of marts that
    are gone. What is being read is left for the next time: nobody waits for a reader.
#}
{% macro drop_published(known, marts) -%}
    {%- set old = query("
        select relname, case relkind when 'v' then 'view' else 'table' end as kind
        from pg_class
        where relnamespace = to_regnamespace('published')
            and relkind in ('r', 'v')
            and relname not in ('builds', 'catalogue')
            and not exists (select 1 from pg_locks where relation = pg_class.oid)
        order by kind desc, relname") -%}
    {%- for name, kind in old if name not in (marts if kind == 'view' else known) -%}
        {%- do query('drop ' ~ kind ~ ' published.' ~ name | tojson) -%}
    {%- endfor -%}
{%- endmacro %}


{# A view is replaced in place as long as its columns stay the same. #}
{% macro show_as_view(mart, table) -%}
    {%- set view = 'published.' ~ mart.name | tojson -%}
    {%- set shape = "(select array_agg((attname, atttypid) order by attnum) from pg_attribute where attnum > 0 and attrelid = to_regclass('{}'))" -%}
    {%- if not query('select 1 where ' ~ shape.format(view) ~ ' = ' ~ shape.format('published.' ~ table | tojson)) | length -%}
        {%- do query('drop view if exists ' ~ view) -%}
    {%- endif -%}
    {%- do query('create or replace view ' ~ view ~ ' as select * from published.' ~ table | tojson) -%}
{%- endmacro %}
