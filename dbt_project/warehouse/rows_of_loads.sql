{# The rows of the loads whose spans meet a condition. raw.load_spans has the ledger entry from which a load counts, and
   the one that ended that by an undo or a replace. So a run sees what counted at any entry, and what has changed since
   the previous run, without knowing why. The high bits of a row's key are the number of its load, so a load is a range
   of the table. `cross join` keeps SQLite from scanning the whole table first. Spark reads only the footer of files
   before the first of these loads. #}
{% macro rows_of_loads(uploads, condition) -%}
    {{ return(adapter.dispatch('rows_of_loads')(uploads, condition)) }}
{%- endmacro %}
{% macro default__rows_of_loads(uploads, condition) -%}
    (
        select uploads.*
        from (select distinct load_id from {{ spans_of(uploads) }} where {{ condition }}) as spans
        cross join {{ uploads }} as uploads
        where uploads._row >= spans.load_id << 32 and uploads._row < (spans.load_id + 1) << 32
    ) as counting
{%- endmacro %}
{% macro spark__rows_of_loads(uploads, condition) -%}
    (
        select *
        from {{ uploads }}
        where {{ load_of_row() }} in (select load_id from {{ spans_of(uploads) }} where {{ condition }})
            and _row >= (select min(load_id) * 4294967296 from {{ spans_of(uploads) }} where {{ condition }})
    ) as counting
{%- endmacro %}

{# The expression for the load of a row of an upload table. #}
{% macro load_of_row() %}{{ return(adapter.dispatch('load_of_row')()) }}{% endmacro %}
{% macro default__load_of_row() %}{{ return('_load_id') }}{% endmacro %}
{% macro spark__load_of_row() %}{{ return('shiftright(_row, 32)') }}{% endmacro %}

{% macro sources_of_model() -%}
    {%- set sources = [] -%}
    {%- for id in model.depends_on.nodes | unique if id in graph.sources -%}
        {%- do sources.append(graph.sources[id]) -%}
    {%- endfor -%}
    {{ return(sources) }}
{%- endmacro %}
{% macro spans_of(uploads) -%}
    (select * from raw.load_spans where table_name = {{ quoted(uploads.identifier) }}) as spans
{%- endmacro %}
{% macro counts_at(entry) -%}
    from_id <= {{ entry }} and (until_id is null or until_id > {{ entry }})
{%- endmacro %}
{# Spans that began or ended after an entry, up to the entry that this run reads. #}
{% macro spans_changed_since(entry) -%}
    {%- set newest = last_load_id() -%}
    (from_id > {{ entry }} and from_id <= {{ newest }} or until_id > {{ entry }} and until_id <= {{ newest }})
{%- endmacro %}
{% macro last_load_id_built() %}{{ return(model_state(this.identifier).last_load_id) }}{% endmacro %}

{# The rows that count in this run; in an incremental run only those whose keys have changed since the model's last
   build: by new loads alone, which is the common case, or also by older loads that were undone or redone. #}
{% macro rows_to_read(uploads, unique_key) -%}
    {%- set counting = counts_at(last_load_id()) -%}
    {%- if not is_incremental() -%}{{ return(rows_of_loads(uploads, counting)) }}{%- endif -%}
    {%- set since, changed = last_load_id_built(), spans_changed_since(last_load_id_built()) -%}
    {%- set older = ' where load_id <= ' ~ since ~ ' and ' ~ changed ~ ' limit 1' -%}
    {%- if not query('select 1 from ' ~ spans_of(uploads) ~ older) -%}
        {{ return(rows_of_loads(uploads, counting ~ ' and load_id > ' ~ since)) }}
    {%- endif -%}
    {%- set touched = 'select ' ~ unique_key ~ ' from ' ~ rows_of_loads(uploads, changed) -%}
    {{ return(rows_of_loads(uploads, counting) ~ ' where ' ~ unique_key ~ ' in (' ~ touched ~ ')') }}
{%- endmacro %}
