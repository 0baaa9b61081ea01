{# Data tests on an upload table read the same rows as staging models. A subquery selects them, so that the test
   compiles to the same SQL before and after a load. #}
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

{% macro last_load_id_in_sql() %}{{ return(adapter.dispatch('last_load_id_in_sql')()) }}{% endmacro %}
{% macro default__last_load_id_in_sql() %}(select last_load_id from {{ state_table('dbt_runs') }} order by number desc limit 1){% endmacro %}
{% macro spark__last_load_id_in_sql() %}(select last_load_id from {{ state_table('dbt_run') }}){% endmacro %}
