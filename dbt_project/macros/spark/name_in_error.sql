{# Punctuation may have been put there by dbt, around the model's SQL or for a `ref`. #}
{% macro spark__name_in_error(gist) -%}
    {{ return(name_matched(
        '\\[UNRESOLVED_COLUMN[^\\]]*\\].*? with name (\\S+) cannot be resolved|\\[TABLE_OR_VIEW_NOT_FOUND\\].*? view (\\S+) cannot be found'
        ~ '|\\[UNRESOLVED_ROUTINE\\].*? routine (\\S+) on search path|\\[AMBIGUOUS_REFERENCE\\] Reference (\\S+) is ambiguous'
        ~ "|\\[MISSING_AGGREGATION\\].*? expression \"(\\w+)\" is based|\\[PARSE_SYNTAX_ERROR\\] Syntax error at or near '?([^'.: ]+|;)"
        ~ '|(\\[(?:PARSE_|UNRESOLVED_|MISSING_GROUP_BY|WRONG_NUM_ARGS|DATATYPE_MISMATCH|INVALID_|UNCLOSED_))', gist | replace('`', ''))) }}
{%- endmacro %}
