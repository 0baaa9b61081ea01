{#
    The rows of an upload table as staging sees them: of each unique_key the row of the
    newest load, and the sample instead, where there is one, while nothing was ever loaded.
    In an incremental run only the rows of loads that arrived since the model was last built.
#}
{% macro newest_rows(uploads, unique_key, sample=none) -%}
    {%- if sample is not none and uses_sample() -%}
    select * from {{ sample }}
    {%- elif execute and not uploads.is_cte and not relation_exists(uploads) -%}
    {{ no_uploads(uploads) }}
    {%- elif execute and not uploads.is_cte and not is_incremental() and not flags.EMPTY -%}
    {{ newest_of_all_rows(uploads, unique_key) }}
    {%- else -%}
    select *
    from (
        select
            uploads.*,
            row_number() over (partition by {{ unique_key }} order by _load_id desc) as _recency
        from {{ uploaded_rows(uploads) }} as uploads
        {%- if not uploads.is_cte and is_incremental() %}
        where {{ loaded_after(model_state(this.identifier).last_load_id) }}
        {%- endif %}
    ) as versions
    where _recency = 1
    {%- endif -%}
{%- endmacro %}


{# An upload table as far as this run reads it: loads that arrive meanwhile wait for the next. #}
{% macro uploaded_rows(uploads) -%}
    {%- if uploads.is_cte -%}
    {{ uploads }}
    {%- else -%}
    (select * from {{ uploads }} where _load_id <= {{ last_load_id() }})
    {%- endif -%}
{%- endmacro %}


{# The same over a whole table: sorting its keys alone takes half as long as sorting its rows. #}
{% macro newest_of_all_rows(uploads, unique_key) -%}
    select uploads.*
    from {{ uploads }} as uploads
    inner join (
        select max(_row) as _newest
        from {{ uploaded_rows(uploads) }}
        group by {{ unique_key }}
    ) as newest on uploads._row = newest._newest
{%- endmacro %}


{# Uploads are kept in the order of their loads: a row's key has its load's number on top. #}
{% macro loaded_after(load_id) -%}
    _row >= ({{ load_id }} + 1) << 32
{%- endmacro %}


{#
    Data tests on an upload table look at the same rows as staging does. Which those are is
    asked in SQL, so that the test compiles alike before and after a load.
#}
{% macro get_where_subquery(relation) -%}
    {%- if relation.schema != 'raw' -%}
    {{ dbt.default__get_where_subquery(relation) }}
    {%- elif relation_exists(relation) -%}
    (select * from {{ relation }} where _load_id <= (select last_load_id from dbt_runs order by rowid desc limit 1))
    {%- else -%}
    ({{ no_uploads(relation) }})
    {%- endif -%}
{%- endmacro %}


{# No rows in the shape of an upload table, which need not exist before the first load. #}
{% macro no_uploads(relation) -%}
    {%- for table in graph.sources.values() if table.identifier == relation.identifier -%}
    select
        {%- for column in table.columns %}
        null as {{ adapter.quote(column) }}{{ "," if not loop.last }}
        {%- endfor %}
    where 1 = 0
    {%- endfor -%}
{%- endmacro %}
