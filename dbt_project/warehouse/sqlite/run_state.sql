{# Of tables of earlier versions nothing is built upon. #}
{% macro sqlite__prepare_run_state() -%}
    {%- for table, since in {'dbt_model_states': 'ledger', 'dbt_runs': 'finished_at'}.items() -%}
        {%- if query("select 1 from sqlite_master where name = '" ~ table ~ "' and sql not like '%" ~ since ~ "%'") | length -%}
            {%- do query('drop table ' ~ table) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- do default__prepare_run_state() -%}
{%- endmacro %}
