{# A path in the storage that Spark and the API share; see api/warehouse/engines/spark/storage.
   raw/<table>/load-<n>.parquet  uploaded rows, written by the API
   ledger/<table>/version=<n>/   the ledger before a build, written by the builder
   main/<model>/<invocation>/    a model as built by one run
   runs/<invocation>/            the facts of a run, until the builder has judged it
   outcomes/                     the outcomes of runs #}
{% macro shared_storage(path) -%}
    {%- set warehouse = env_var('WAREHOUSE_DIR', '') or 'warehouse' -%}
    {%- set place = (env_var('SHARED_STORAGE', '') or warehouse ~ '/shared').split('?')[0].rstrip('/') -%}
    {%- if '://' not in place and not place.startswith('/') -%}
        {%- set place = invocation_args_dict.project_dir.rstrip('/') ~ '/' ~ place -%}
    {%- endif -%}
    {{ return(place ~ '/' ~ path) }}
{%- endmacro %}

{% macro location(path) -%}{{ return('location ' ~ quoted(shared_storage(path))) }}{%- endmacro %}

{# The metastore's description of each table and view of a schema: {name: text}. #}
{% macro known_relations(schema) -%}
    {%- set known = {} -%}
    {%- set rows = query('show table extended in ' ~ schema ~ " like '*'") -%}
    {%- for row in rows -%}{%- do known.update({row[1]: row[3]}) -%}{%- endfor -%}
    {{ return(known) }}
{%- endmacro %}

{# A table property, parsed from that text. #}
{% macro property_in(information, name) -%}
    {%- set found = modules.re.search('[\\[ ,]' ~ modules.re.escape(name) ~ '=([^,\\]]*)', information or '') -%}
    {{ return(found.group(1) if found else none) }}
{%- endmacro %}
