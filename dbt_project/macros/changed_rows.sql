{# Incremental aggregates: sums updated from changed rows instead of counted again.

   A staging model with `meta={'keep_changes': true}` keeps, in a second table, the rows that
   its last builds deleted (_change -1) and inserted (_change 1), each with the model's
   version. A model that reads them through `changed_rows`, with `incremental_strategy='add'`
   and `meta={'counted_by': ...}`, adds the sums of a build to its own, group by group
   (`unique_key`), and deletes groups that no longer count any rows.

   If some changes since the model's last build are missing (the staging model was built from
   all its rows, or so much changed that counting again is cheaper), the model is built from
   all rows. #}
{% macro changed_rows(relation) -%}
    {%- if execute and not relation.is_cte and is_incremental() -%}
    (
        select * from {{ changes_of(relation) }}
        where _version > (
            select version from {{ state_table('dbt_changes_read') }}
            where reader = {{ quoted(this.identifier) }} and model = {{ quoted(relation.identifier) }}
        )
    ) as changed
    {%- else -%}
    (select *, 1 as _change from {{ relation }}) as changed
    {%- endif -%}
{%- endmacro %}

{# The table in which a staging model keeps its changes. #}
{% macro changes_of(relation) -%}
    {{ return(relation.incorporate(path={'identifier': relation.identifier ~ '__changes'})) }}
{%- endmacro %}
