{#
    A complaint as texts: what of it may be told, what it comes down to, what it names, and
    on which line that stands. Plain Jinja, texts in and texts out: the builder uses these too,
    for the failures that dbt cannot record (api/builder/failures.py).
#}

{# dbt's own text, without colours, Java's stacks, and where this machine keeps its files. #}
{% macro tellable(message) -%}
    {%- set plain = modules.re.sub('\\x1b\\[[0-9;]*m|\r', '', message or '') -%}
    {%- set plain = modules.re.sub('(?m)^\\s+at [\\w.$]+[./].*\n?|^\\s*(?:Caused by|Suppressed): (?s:.*?)\\.\\.\\. \\d+ more\n?', '', plain) -%}
    {{- modules.re.sub('(?m)^ *compiled code at .*$', '', plain).strip() -}}
{%- endmacro %}


{# What a text of dbt comes down to: without headings, the way there, quotations and advice. #}
{% macro gist_of(message) -%}
    {%- set body = modules.re.split('(?m)^ *\\w+ Error(?: in .*)?$', message)[-1] -%}
    {%- set body = modules.re.split('\n *(?:> in |line \\d+\n|LINE \\d+:|-----)| This can happen when ', body)[0] -%}
    {#- Spark names an error twice, each time with its class, and then tells how it had understood the SQL. -#}
    {%- set body = modules.re.sub('(?:\\w+\\.)+\\w+Exception: |Error running query: \\[[\\w.]+\\]', '', body) -%}
    {%- set body = modules.re.split('\\s*SQLSTATE: \\w{5}', body)[0] -%}
    {%- set body = body | replace('failed to connect: TTransportException:', 'Spark cannot be reached:') -%}
    {%- set ids = '\\b(?:model|seed|test|source|macro|snapshot)\\.\\w+\\.(?=\\w)' -%}
    {{- modules.re.sub(ids, '', body).split() | join(' ') | truncate(500) -}}
{%- endmacro %}


{# The name that dbt, or a check of ours, could do nothing with; nothing if there is none. #}
{% macro name_complained_of(gist) -%}
    {%- set found = modules.re.search(
        "'(\\w+)' is undefined|named '([^']+)' (?:in package '' )?which was not found|keyword argument '(\\w+)'"
        ~ "|Unable to find model '([^']+)'|unknown key '([^']+)'|Built but not documented: (\\w+)", gist) -%}
    {{- found.group(found.lastindex) if found -}}
{%- endmacro %}


{# The line on which a name stands, if it is exactly one; comments and other literals aside. #}
{% macro line_of(name, code) -%}
    {%- set lines = [] -%}
    {%- for part in [name, name.split('.')[-1]] if name -%}
        {%- if not lines -%}
            {%- set edge = '' if part == ';' else '\\b' -%}
            {%- set word = edge ~ '(' ~ modules.re.escape(part) ~ ')' ~ edge -%}
            {%- set pattern = "(?s)\\{#.*?#\\}|/\\*.*?\\*/|--[^\n]*|'" ~ word ~ "'|'[^'\n]*'|" ~ word -%}
            {%- for found in modules.re.finditer(pattern, code) if found.lastindex -%}
                {%- do lines.append(code[:found.start()].count('\n') + 1) -%}
            {%- endfor -%}
        {%- endif -%}
    {%- endfor -%}
    {{- lines[0] if lines | unique | list | length == 1 -}}
{%- endmacro %}


{% macro words_of_wrong(what, line, gist) -%}
    {{- what }} is wrong{{ ' near line ' ~ line if line }}: {{ sentence(gist) -}}
{%- endmacro %}


{% macro sentence(text) -%}
    {{- text ~ ('' if text.endswith(('.', '!', '?')) else '.') if text -}}
{%- endmacro %}
