{# Punctuation may have been put there by dbt, around the model's SQL or for a `ref`. #}
{% macro postgres__name_in_error(gist) -%}
    {{ return(name_matched(
        '(?:column|relation|type|schema) "([^"]+)"(?: of relation "[^"]+")? does not exist|column ([\\w.]+) does not exist|function ([\\w.]+)\\(.*\\) does not exist'
        ~ '|column reference "([^"]+)" is ambiguous|column "([^"]+)" must appear in the GROUP BY clause'
        ~ '|FROM-clause entry for table "([^"]+)"|name "([^"]+)" specified more than once'
        ~ '|syntax error at or near "(.+?)"|(syntax error at end of input|unterminated|operator does not exist'
        ~ '|aggregate functions are not allowed|window functions are not allowed|cannot be matched|each UNION query)', gist)) }}
{%- endmacro %}
