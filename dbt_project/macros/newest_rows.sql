{# The rows of an upload table as staging sees them: of each unique_key the newest row that
   counts, and the sample instead, where there is one, while nothing was ever loaded. In an
   incremental run only the keys that loads, undos and redos have touched since the model was
   last built. #}
{% macro newest_rows(uploads, unique_key, sample=none) -%}
    {%- if sample is not none and uses_sample() -%}
    select * from {{ sample }}
    {%- elif not execute or uploads.is_cte or flags.EMPTY -%}
    {{ newest_of_given_rows(uploads, unique_key) }}
    {%- elif relation_exists(uploads) -%}
    {{ newest_of(uploads, rows_to_read(uploads, unique_key), unique_key) }}
    {%- else -%}
    {{ no_uploads(uploads) }}
    {%- endif -%}
{%- endmacro %}

{# Whether the sample stands in for uploads. A unit test says so itself, under `overrides`. #}
{% macro uses_sample() -%}
    {{ return(last_load_id() == 0) }}
{%- endmacro %}

{# Of `rows`, which are uploads', the newest of each unique_key. On SQLite sorting the keys alone
   and fetching the newest rows takes half as long as sorting the rows. On PostgreSQL sorting the
   rows takes half as long, and is what it does without statistics as well: a load is built before
   it has any. On Spark a second pass over the rows, to join them, costs more than moving them. #}
{% macro newest_of(uploads, rows, unique_key) -%}
    {{ return(adapter.dispatch('newest_of')(uploads, rows, unique_key)) }}
{%- endmacro %}

{% macro sqlite__newest_of(uploads, rows, unique_key) -%}
    select uploads.*
    from {{ uploads }} as uploads
    inner join (select max(_row) as _newest from {{ rows }} group by {{ unique_key }}) as newest
        on uploads._row = newest._newest
{%- endmacro %}

{% macro postgres__newest_of(uploads, rows, unique_key) -%}
    select distinct on ({{ unique_key }}) *
    from {{ rows }}
    order by {{ unique_key }}, _row desc
{%- endmacro %}

{% macro spark__newest_of(uploads, rows, unique_key) %}{{ first_of_each(rows, unique_key, '_row') }}{% endmacro %}

{# The same of rows that a unit test gives, which belong to no ledger. #}
{% macro newest_of_given_rows(uploads, unique_key) -%}
    {{ first_of_each('(select * from ' ~ uploads ~ ') as given', unique_key, '_load_id') }}
{%- endmacro %}

{% macro first_of_each(rows, unique_key, newest) -%}
    select *
    from (
        select *, row_number() over (partition by {{ unique_key }} order by {{ newest }} desc) as _recency
        from {{ rows }}
    ) as versions
    where _recency = 1
{%- endmacro %}

{# No rows in the shape of an upload table, which need not exist before the first load. #}
{% macro no_uploads(relation) -%}
    {%- for source in sources_of_model() if source.identifier == relation.identifier -%}
    select
        {%- for name, data_type in column_types(source).items() %}
        cast(null as {{ storage_type(data_type) }}) as {{ adapter.quote(name) }}{{ "," if not loop.last }}
        {%- endfor %}
    where 1 = 0
    {%- endfor -%}
{%- endmacro %}
