{# Whether an incremental model may certainly be built from changed rows: it reads one upload table by `newest_rows`,
   row by row and under the table's key, or it adds up `changed_rows`. Nothing else sees rows that were undone, replaced
   or corrected, least of all `where hired_at > (select max(hired_at) from this)`. So any other model is built from all
   rows each time, like a table. #}
{% macro follows_changes() -%}
    {%- set macros, read = model.depends_on.macros, model.depends_on.nodes | unique | list -%}
    {%- if 'macro.dbt.is_incremental' in macros -%}
        {{ return(false) }}
    {%- elif config.get('incremental_strategy') == 'add' -%}
        {%- set counted = 'counted_by' in (config.get('meta') or {}) -%}
        {{ return(counted and read | length == models_read_by_changes() | unique | list | length) }}
    {%- endif -%}
    {%- for id in read if id in graph.nodes and graph.nodes[id].resource_type != 'seed' -%}
        {{ return(false) }}
    {%- endfor -%}
    {%- set tables = sources_of_model() -%}
    {{ return(config.get('incremental_strategy') is none
        and 'macro.' ~ project_name ~ '.newest_rows' in macros
        and tables | length == 1
        and is_key_of(unique_key_columns(), tables[0].config.meta.primary_key)
        and not looks_at_several_rows(model.raw_code)) }}
{%- endmacro %}

{# A key of one column may have another name in the model; several columns have to match by name and order. #}
{% macro is_key_of(columns, primary_key) -%}
    {%- set known = columns | select('in', model.columns) | list == columns -%}
    {{ return(known and (columns == primary_key or columns | length == 1 and primary_key | length == 1)) }}
{%- endmacro %}
{% macro unique_key_columns() -%}
    {%- set key = config.get('unique_key') -%}
    {{ return([] if key is none else [key] if key is string else key) }}
{%- endmacro %}

{# Such SQL would see only the changed rows. A false match only costs time. #}
{% macro looks_at_several_rows(code) -%}
    {{ return(modules.re.search('(?i)\\b(group\\s+by|having|over|distinct|join|limit)\\b|\\{\\{-?\\s*this\\b', code) is not none) }}
{%- endmacro %}
