{#
    A step that did not pass, as the record tells it: dbt's own text, the same in plain words,
    and the file and line to look at.
#}
{% macro told_failure(result) -%}
    {%- set node = result.node -%}
    {%- set told = {
        'name': node.name,
        'kind': node.resource_type | string,
        'file': node.original_file_path,
        'line': none,
        'status': result.status | string,
        'rows': result.failures,
        'message': tellable(result.message) if result.message else none,
        'sample': sample_of(result),
    } -%}
    {%- if told.status in ['fail', 'warn'] -%}
        {%- do told.update({'words': words_of_test(result)}) -%}
    {%- else -%}
        {%- do told.update(told_error(node, gist_of(told.message or ''))) -%}
    {%- endif -%}
    {{ return(told) }}
{%- endmacro %}


{#
    What an error adds to that. dbt runs the unit tests of a model before the model itself, so
    a mistake in its SQL comes up in them first, and is told as the model's own.
#}
{% macro told_error(node, gist) -%}
    {%- set is_unit_test = node.resource_type == 'unit_test' -%}
    {%- set step = tested_model(node) if is_unit_test else node -%}
    {%- set named = name_in_error(gist) -%}
    {%- set line_of_code = line_of(named or name_complained_of(gist), step.raw_code or '') -%}
    {%- set line = line_of_file(step.original_file_path, line_of_code) -%}
    {%- set is_of_sql = named is not none or "' is undefined" in gist -%}
    {%- set missing = modules.re.match("Invalid column name: '(.+?)' in unit test fixture for expected", gist) -%}
    {%- if is_of_sql and not node.test_metadata -%}
        {%- set either = ' or of its unit test ' ~ node.name if has_rows_of_sql(node) and not line_of_code else '' -%}
        {{ return({
            'words': words_of_wrong('The SQL of ' ~ step.name ~ either, line, gist),
            'file': step.original_file_path,
            'line': line,
        }) }}
    {%- elif is_unit_test and missing -%}
        {{ return({'words': step.name ~ ' has no column ' ~ missing.group(1)
            ~ ', which its unit test ' ~ node.name ~ ' expects.'}) }}
    {%- elif node.resource_type in ['test', 'unit_test'] -%}
        {{ return({'words': 'The ' ~ test_in_words(node) ~ ' cannot be run: ' ~ sentence(gist)}) }}
    {%- else -%}
        {{ return({'words': node.name ~ ' cannot be built: ' ~ sentence(gist), 'line': line}) }}
    {%- endif -%}
{%- endmacro %}


{#
    What the last group of a pattern finds in an error: none if the pattern does not, an empty
    text if that is no name. Of punctuation only a semicolon is to be looked for.
#}
{% macro name_matched(pattern, gist) -%}
    {%- set found = modules.re.search(pattern, gist) -%}
    {%- if not found -%}
        {{ return(none) }}
    {%- endif -%}
    {%- set name = found.group(found.lastindex) -%}
    {{ return(name if modules.re.fullmatch('\\w[\\w.]*|;', name) else '') }}
{%- endmacro %}


{% macro tested_model(unit_test) -%}
    {{ return(graph.nodes[unit_test.tested_node_unique_id or unit_test.depends_on.nodes[0]]) }}
{%- endmacro %}


{# Whether a unit test gives rows as SQL, which may be what is wrong. #}
{% macro has_rows_of_sql(node) -%}
    {{ return('sql' in (node.given or []) | map(attribute='format') | map('string') | list) }}
{%- endmacro %}


{#
    The line of a file for a line of its code, or none. dbt drops the blank lines that a file
    begins with. The builder tells how many they were; in a terminal nobody does, and no line
    is better than a wrong one.
#}
{% macro line_of_file(file, line_of_code) -%}
    {%- set blank_lines = env_var('DBT_BLANK_LINES', '') -%}
    {{ return(line_of_code | int + fromjson(blank_lines).get(file, 0) if line_of_code and blank_lines else none) }}
{%- endmacro %}
