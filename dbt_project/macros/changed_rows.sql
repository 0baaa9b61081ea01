{# Aggregates that are kept up to date by what changed instead of counted anew.

   A staging model with `meta={'keep_changes': true}` keeps, beside itself, the rows that its
   last builds took out (_change -1) and put in (_change 1), numbered by its version. A model
   that reads them through `changed_rows`, with `incremental_strategy='add'` and
   `meta={'counted_by': ...}`, adds the sums of a build to those it has, group by group
   (`unique_key`), and drops a group that counts no rows any more.

   Where the changes since a model last looked are not all there (the staging model was built
   from all its rows, or so much changed that counting anew is cheaper) the model is built
   from all rows. #}
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

{# Where a staging model keeps them. #}
{% macro changes_of(relation) -%}
    {{ return(relation.incorporate(path={'identifier': relation.identifier ~ '__changes'})) }}
{%- endmacro %}
