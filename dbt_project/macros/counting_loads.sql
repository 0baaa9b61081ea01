{#
    Which loads of an upload table count. The ledger says so in raw.load_spans: a load counts
    from one entry of the ledger until another, which undid it or replaced the whole table. So
    a run that reads up to some entry sees what counted then, and what has changed since the
    run before, without knowing why.
#}

{# The rows of an upload table that count in this run; with `after`, only of later loads. #}
{% macro counting_rows(uploads, after=none) -%}
    {%- set condition = counts_at(last_load_id()) -%}
    {%- if after is not none -%}
        {%- set condition = condition ~ ' and load_id > ' ~ after -%}
    {%- endif -%}
    {{ return(rows_of_loads(uploads, condition)) }}
{%- endmacro %}


{#
    A row's key has its load's number on top: each load is a range of the table, and nothing
    else of it is read. `cross join` keeps SQLite from going through the table first.
#}
{% macro default__rows_of_loads(uploads, condition) -%}
    (
        select uploads.*
        from (select distinct load_id from {{ spans_of(uploads) }} where {{ condition }}) as spans
        cross join {{ uploads }} as uploads
        where uploads._row >= spans.load_id << 32 and uploads._row < (spans.load_id + 1) << 32
    ) as counting
{%- endmacro %}


{% macro spans_of(uploads) -%}
    (select * from raw.load_spans where table_name = {{ quoted(uploads.identifier) }}) as spans
{%- endmacro %}


{% macro counts_at(entry) -%}
    from_id <= {{ entry }} and (until_id is null or until_id > {{ entry }})
{%- endmacro %}


{# Spans that began or ended after an entry, and no later than this run reads. #}
{% macro spans_changed_since(entry) -%}
    (from_id > {{ entry }} and from_id <= {{ last_load_id() }}
        or until_id > {{ entry }} and until_id <= {{ last_load_id() }})
{%- endmacro %}


{# Whether loads of before count no more, or again: new loads alone are the common case. #}
{% macro older_loads_changed(uploads, entry) -%}
    {{ return(query('select 1 from ' ~ spans_of(uploads) ~ ' where load_id <= ' ~ entry
        ~ ' and ' ~ spans_changed_since(entry) ~ ' limit 1') | length > 0) }}
{%- endmacro %}


{#
    The keys of all rows that came, went or came back since the model that is being built has
    read: those that it leaves out of its rows now may stand there from before. A load that came
    and went since has changed nothing, and `newest_rows` has none of its keys.
#}
{% macro touched_keys() -%}
    {%- set parts = [] -%}
    {%- set built = last_load_id_built() -%}
    {%- set touched = spans_changed_since(built) ~ ' and (load_id <= ' ~ built ~ ' or ' ~ counts_at(last_load_id()) ~ ')' -%}
    {%- for id in model.depends_on.nodes if id in graph.sources -%}
        {%- set source = graph.sources[id] -%}
        {%- set uploads = api.Relation.create(schema=source.schema, identifier=source.identifier) -%}
        {%- set keys = [] -%}
        {%- for name in source.config.meta.primary_key -%}
            {%- set column = model.columns[unique_key_columns()[loop.index0]] -%}
            {%- do keys.append('cast(' ~ name | tojson ~ ' as ' ~ storage_type(column.data_type) ~ ')') -%}
        {%- endfor -%}
        {%- if relation_exists(uploads) -%}
            {%- do parts.append('select ' ~ keys | join(', ') ~ ' from ' ~ rows_of_loads(uploads, touched)) -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return(parts) }}
{%- endmacro %}


{#
    Whether at least as many rows have come, gone or come back since a model was built as have
    stayed: then it is built from all rows.
#}
{% macro is_mostly_changed(reader, entry) -%}
    {%- set tables = [] -%}
    {%- for id in reader.depends_on.nodes if id in graph.sources -%}
        {%- do tables.append(quoted(graph.sources[id].identifier)) -%}
    {%- endfor -%}
    {%- if not tables -%}
        {{ return(false) }}
    {%- endif -%}
    {%- set found = query('
        select sum(loaded * changed), sum(loaded * (1 - changed))
        from (
            select load_id, max(case when ' ~ spans_changed_since(entry) ~ ' then 1 else 0 end) as changed
            from raw.load_spans
            where table_name in (' ~ tables | join(', ') ~ ')
                and from_id <= ' ~ last_load_id() ~ ' and (until_id is null or until_id > ' ~ entry ~ ')
            group by load_id
        ) as spans
        inner join raw.loads using (load_id)') -%}
    {%- set changed, stayed = found[0] -%}
    {{ return(changed is not none and changed >= stayed) }}
{%- endmacro %}
