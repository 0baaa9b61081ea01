{#
    The rows of an upload table as staging sees them: of each unique_key the newest row that
    counts, and the sample instead, where there is one, while nothing was ever loaded. In an
    incremental run only the keys that loads, undos and redos have touched since the model was
    last built.
#}
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
