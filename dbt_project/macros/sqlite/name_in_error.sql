{#
    Of punctuation only a semicolon is to be looked for: all other that SQLite meets may have
    been put there by dbt, around the model's SQL or for a `ref`.
#}
{% macro sqlite__name_in_error(gist) -%}
    {%- set found = modules.re.search(
        'near "(.+?)": syntax error|no such (?:column|table|function): "?([^ "]+)'
        ~ '|ambiguous column name: ([^ ]+)|misuse of (?:aggregate|window)(?: function)?:? (\\w+)\\(\\)'
        ~ '|wrong number of arguments to function (\\w+)\\(\\)|(unrecognized token: )|(incomplete input)', gist) -%}
    {%- if not found -%}
        {{ return(none) }}
    {%- endif -%}
    {%- set name = found.group(found.lastindex) -%}
    {{ return(name if modules.re.fullmatch('\\w[\\w.]*|;', name) else '') }}
{%- endmacro %}
