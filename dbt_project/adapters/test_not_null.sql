{# Like test_unique.sql: a column that is `not null` in the database needs no test. #}
{% macro postgres__test_not_null(model, column_name) %}
select {{ '*' if should_store_failures() else column_name }}
from {{ model }}
where {{ column_name }} is null and not exists (
    select 1 from pg_attribute
    where attrelid = to_regclass({{ table_tested(model) }})
        and attname = {{ quoted(column_name | replace('"', '')) }} and attnotnull
)
{% endmacro %}
