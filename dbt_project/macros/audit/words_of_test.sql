{# What a test that did not pass has found, in plain words: for a reader who knows no dbt. #}
{% macro words_of_test(result) -%}
    {%- set test = result.node -%}
    {%- set rows = result.failures -%}
    {%- if test.resource_type == 'unit_test' -%}
        {%- set words = tested_model(test).name ~ ' answers other rows than its unit test ' ~ test.name ~ ' expects.' -%}
    {%- elif test.config.fail_calc != 'count(*)' -%}
        {%- set words = 'The ' ~ test_in_words(test) ~ ' does not pass.' -%}
    {%- else -%}
        {%- set words = words_of_promise(test, rows) or 'The ' ~ test_in_words(test) ~ ' complains of ' ~ counted(rows, 'row') ~ '.' -%}
    {%- endif -%}
    {%- set told = [words, sentence((test.description or '').strip())] -%}
    {%- if result.status == 'warn' -%}
        {%- do told.append('This is a warning: it holds back no numbers.') -%}
    {%- endif -%}
    {{ return(told | select | join(' ')) }}
{%- endmacro %}


{# What dbt's own generic tests promise of a column, and how it is broken; none for others. #}
{% macro words_of_promise(test, found) -%}
    {%- set promise = test.test_metadata.name if test.test_metadata and test.test_metadata.namespace is none -%}
    {%- if promise not in ['not_null', 'unique', 'accepted_values', 'relationships'] -%}
        {{ return(none) }}
    {%- endif -%}
    {%- set one = found == 1 -%}
    {%- set given = test.test_metadata.kwargs -%}
    {%- set model = referred(given['model']) -%}
    {%- set column = given['column_name'] -%}
    {%- if promise == 'not_null' -%}
        {%- set words = counted(found, 'row') ~ ' of ' ~ model ~ (' has' if one else ' have') ~ ' no ' ~ column -%}
    {%- elif promise == 'relationships' -%}
        {%- set words = counted(found, 'row') ~ ' of ' ~ model ~ (' has' if one else ' have') ~ ' a ' ~ column
            ~ ' that is no ' ~ given['field'] ~ ' of ' ~ referred(given['to']) -%}
    {#- These two find values, however many rows have them. -#}
    {%- elif promise == 'unique' -%}
        {%- set words = counted(found, 'value') ~ ' of ' ~ column ~ (' stands' if one else ' stand') ~ ' more than once in ' ~ model -%}
    {%- else -%}
        {%- set words = counted(found, 'value') ~ ' of ' ~ column ~ ' in ' ~ model ~ (' is' if one else ' are')
            ~ ' none of ' ~ given['values'] | join(', ') | truncate(300) -%}
    {%- endif -%}
    {{ return(words ~ '.') }}
{%- endmacro %}


{# `test positive of quarterly_hires.Q1`, `unit test NAME of MODEL`, `test NAME`. #}
{% macro test_in_words(test) -%}
    {%- if test.resource_type == 'unit_test' -%}
        {{ return('unit test ' ~ test.name ~ ' of ' ~ tested_model(test).name) }}
    {%- elif test.test_metadata -%}
        {%- set given = test.test_metadata.kwargs -%}
        {%- set column = '.' ~ given['column_name'] if given['column_name'] else '' -%}
        {{ return('test ' ~ test.test_metadata.name ~ ' of ' ~ referred(given['model']) ~ column) }}
    {%- endif -%}
    {{ return('test ' ~ test.name) }}
{%- endmacro %}


{# The model or table that a `ref()` or `source()` in a test's arguments is about. #}
{% macro referred(expression) -%}
    {{ return(modules.re.findall("['\"]([^'\"]+)['\"]", expression)[-1]) }}
{%- endmacro %}


{% macro counted(number, noun) -%}
    {{ return('{:,}'.format(number) ~ ' ' ~ noun ~ ('s' if number != 1 else '')) }}
{%- endmacro %}
