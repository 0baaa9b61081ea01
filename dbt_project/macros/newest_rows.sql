{#
    The rows of an upload table as staging sees them: of each unique_key the newest row that
    counts, and the sample instead, where there is one, while nothing was ever loaded. In an
    incremental run only the keys that loads, undos and redos have touched since the model was
    last built; see counting_loads.sql.
#}
{% macro newest_rows(uploads, unique_key, sample=none) -%}
    {%- if sample is not none and uses_sample() -%}
    select * from {{ sample }}
    {%- elif not execute or uploads.is_cte or flags.EMPTY -%}
    {{ newest_of_given_rows(uploads, unique_key) }}
    {%- elif not relation_exists(uploads) -%}
    {{ no_uploads(uploads) }}
    {%- elif not is_incremental() -%}
    {{ newest_of(uploads, counting_rows(uploads), unique_key) }}
    {%- elif older_loads_changed(uploads, last_load_id_built()) -%}
    {%- set touched = 'select ' ~ unique_key ~ ' from ' ~ rows_of_loads(uploads, spans_changed_since(last_load_id_built())) -%}
    {{ newest_of(uploads, counting_rows(uploads) ~ ' where ' ~ unique_key ~ ' in (' ~ touched ~ ')', unique_key) }}
    {%- else -%}
    {{ newest_of(uploads, counting_rows(uploads, after=last_load_id_built()), unique_key) }}
    {%- endif -%}
{%- endmacro %}


{# Sorting the keys alone and fetching the newest rows takes half as long as sorting the rows. #}
{% macro default__newest_of(uploads, rows, unique_key) -%}
    select uploads.*
    from {{ uploads }} as uploads
    inner join (
        select max(_row) as _newest
        from {{ rows }}
        group by {{ unique_key }}
    ) as newest on uploads._row = newest._newest
{%- endmacro %}


{# The same of rows that a unit test gives, which belong to no ledger. #}
{% macro newest_of_given_rows(uploads, unique_key) -%}
    select *
    from (
        select
            uploads.*,
            row_number() over (partition by {{ unique_key }} order by _load_id desc) as _recency
        from (select * from {{ uploads }}) as uploads
    ) as versions
    where _recency = 1
{%- endmacro %}


{# How far into the ledger the model that is being built has read before. #}
{% macro last_load_id_built() -%}
    {{ return(model_state(this.identifier).last_load_id) }}
{%- endmacro %}


{#
    Data tests on an upload table look at the same rows as staging does. Which those are is
    asked in SQL, so that the test compiles alike before and after a load.
#}
{% macro get_where_subquery(relation) -%}
    {%- if relation.schema != 'raw' -%}
    {{ dbt.default__get_where_subquery(relation) }}
    {%- elif relation_exists(relation) -%}
    (select * from {{ relation }} where {{ load_of_row() }} in (
        select load_id from {{ spans_of(relation) }} where {{ counts_at(last_load_id_in_sql()) }}
    )) as counting
    {%- else -%}
    ({{ no_uploads(relation) }}) as counting
    {%- endif -%}
{%- endmacro %}


{% macro default__load_of_row() -%}
    {{ return('_load_id') }}
{%- endmacro %}


{# No rows in the shape of an upload table, which need not exist before the first load. #}
{% macro no_uploads(relation) -%}
    {%- for table in graph.sources.values() if table.identifier == relation.identifier -%}
    select
        {%- for column in table.columns.values() %}
        cast(null as {{ storage_type(column.data_type) }}) as {{ adapter.quote(column.name) }}{{ "," if not loop.last }}
        {%- endfor %}
    where 1 = 0
    {%- endfor -%}
{%- endmacro %}
