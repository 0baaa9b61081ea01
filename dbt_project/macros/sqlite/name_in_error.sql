{# All other punctuation may have been put there by dbt, around the model's SQL or for a `ref`. #}
{% macro sqlite__name_in_error(gist) -%}
    {{ return(name_matched(
        'near "(.+?)": syntax error|no such (?:column|table|function): "?([^ "]+)'
        ~ '|ambiguous column name: ([^ ]+)|misuse of (?:aggregate|window)(?: function)?:? (\\w+)\\(\\)'
        ~ '|wrong number of arguments to function (\\w+)\\(\\)|(unrecognized token: )|(incomplete input)', gist)) }}
{%- endmacro %}
