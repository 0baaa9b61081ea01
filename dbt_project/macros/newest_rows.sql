{# The rows of an upload table for a staging model: the newest row of each unique_key, of all
   loads that count. Before the first load it is the sample, if there is one. In an incremental
   run it is only the keys that loads, undos and redos have changed since the model's last
   build. #}
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

{# Whether the sample is used in place of uploads. A unit test sets it under `overrides`. #}
{% macro uses_sample() -%}
    {{ return(last_load_id() == 0) }}
{%- endmacro %}

{# The newest of `rows`, rows of an upload table, for each unique_key. SQLite takes half the time
   to sort the keys alone and fetch the newest rows. PostgreSQL takes half the time to sort the
   rows, which is also its plan without statistics: a load is built before there are any. On Spark
   a join, a second pass over the rows, costs more than moving them. #}
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

{# The same for the rows of a unit test, which are in no ledger. #}
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

{# An empty select with the columns of an upload table, which may not exist before its first load. #}
{% macro no_uploads(relation) -%}
    {%- for source in sources_of_model() if source.identifier == relation.identifier -%}
    select
        {%- for name, data_type in column_types(source).items() %}
        cast(null as {{ storage_type(data_type) }}) as {{ adapter.quote(name) }}{{ "," if not loop.last }}
        {%- endfor %}
    where 1 = 0
    {%- endfor -%}
{%- endmacro %}
