{#
    Tests of a large table whose answer the database itself guarantees, so that they need not
    read every row again after each load.
#}

{% macro sqlite__index_grain(unique_key) -%}
    create unique index if not exists {{ this.schema }}.{{ this.identifier }}_grain
    on {{ this.identifier }} ({{ unique_key }})
{%- endmacro %}


{# A unique index over the column alone leaves nothing to look for. #}
{% macro sqlite__test_unique(model, column_name) %}
select
    {{ column_name }} as unique_field,
    count(*) as n_records
from (
    select 1
    where not exists (
        select 1
        from pragma_index_list({{ quoted(model.split('.')[-1] | replace('"', '')) }}) as indexes
        where indexes."unique" = 1
            and not indexes.partial
            and (select group_concat(name) from pragma_index_info(indexes.name)) = {{ quoted(column_name | replace('"', '')) }}
    )
) as unguarded
cross join {{ model }}
where {{ column_name }} is not null
group by {{ column_name }}
having count(*) > 1
{% endmacro %}


{# An index of the rows that lack something they must have: empty, or what not_null shows. #}
{% macro index_nulls() -%}
    {%- set lacking = lacks_something() -%}
    {%- if lacking -%}
        {%- do statement_of('create index ' ~ this.schema ~ '.' ~ this.identifier ~ '_nulls on ' ~ this.identifier
            ~ ' (' ~ adapter.quote((model.columns.values() | first).name) ~ ') where ' ~ lacking) -%}
    {%- endif -%}
{%- endmacro %}
