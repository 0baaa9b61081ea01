{#
    What HTTP tells about the published marts, a document each: the contract from the YAML, the
    SQL, what it is built from and what was tested. Written with the marts, at one moment.
#}
{% macro documents_of(marts, results) -%}
    {%- set before = published_documents() -%}
    {%- set documents = {} -%}
    {%- for mart in marts -%}
        {%- do documents.update({mart.name: {
            'contract': mart_contract(mart),
            'file': mart.original_file_path,
            'sql': mart.raw_code,
            'upstream': upstream_of(mart),
            'tests': tests_of(mart, results, before.get(mart.name)),
        }}) -%}
    {%- endfor -%}
    {{ return(documents) }}
{%- endmacro %}


{% macro write_catalogue(documents) -%}
    {%- do query('create table if not exists published.catalogue ' ~ table_shape({'model': 'text', 'document': 'text'}, ['model'])) -%}
    {%- do query('delete from published.catalogue') -%}
    {%- for name, document in documents.items() -%}
        {%- do query('insert into published.catalogue values ('
            ~ quoted(name) ~ ', ' ~ quoted(document | tojson) ~ ')') -%}
    {%- endfor -%}
{%- endmacro %}


{% macro default__published_documents() -%}
    {%- set documents = {} -%}
    {%- if relation_exists(api.Relation.create(schema='published', identifier='catalogue')) -%}
        {%- for row in query('select model, document from published.catalogue') -%}
            {%- do documents.update({row[0]: fromjson(row[1])}) -%}
        {%- endfor -%}
    {%- endif -%}
    {{ return(documents) }}
{%- endmacro %}


{# What the YAML of a mart promises, in the YAML's own shape. #}
{% macro mart_contract(mart) -%}
    {%- set columns = [] -%}
    {%- for column in mart.columns.values() -%}
        {%- do columns.append({
            'name': column.name,
            'data_type': column.data_type,
            'description': column.description,
            'data_tests': ['not_null'] if is_required(mart, column.name) else [],
        }) -%}
    {%- endfor -%}
    {{ return({
        'name': mart.name,
        'description': mart.description,
        'columns': columns,
        'config': {'meta': mart.config.meta},
    }) }}
{%- endmacro %}


{% macro is_required(mart, column) -%}
    {%- for test in data_tests_of(mart) if test.test_metadata and test.test_metadata.name == 'not_null' and test.column_name == column and test.config.severity | lower == 'error' -%}
        {{ return(true) }}
    {%- endfor -%}
    {{ return(false) }}
{%- endmacro %}


{% macro data_tests_of(mart) -%}
    {{ return(graph.nodes.values() | selectattr('resource_type', 'equalto', 'test') | selectattr('attached_node', 'equalto', mart.unique_id) | list) }}
{%- endmacro %}


{# Every model and upload table that a mart is built from, the nearest first. #}
{% macro upstream_of(mart) -%}
    {%- set found = [] -%}
    {%- set names = [] -%}
    {%- set ahead = mart.depends_on.nodes | list -%}
    {%- for _ in range(10000) -%}
        {%- if not ahead -%}
            {%- break -%}
        {%- endif -%}
        {%- set id = ahead.pop(0) -%}
        {%- set node = graph.nodes.get(id) or graph.sources.get(id) -%}
        {%- if node and id not in names and node.resource_type in ['model', 'source'] -%}
            {%- do names.append(id) -%}
            {%- do found.append({
                'name': node.name,
                'kind': 'model' if node.resource_type == 'model' else 'table',
                'description': node.description,
            }) -%}
            {%- if node.resource_type == 'model' -%}
                {%- do ahead.extend(node.depends_on.nodes) -%}
            {%- endif -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return(found) }}
{%- endmacro %}


{#
    The tests of a mart with their results. A build after a load leaves the unit tests out,
    since only the project's files can change them: what they showed then still holds.
#}
{% macro tests_of(mart, results, before) -%}
    {%- set tests = [] -%}
    {%- set unit_tests_ran = [] -%}
    {%- for result in results -%}
        {%- set node = result.node -%}
        {%- set kind = node.resource_type | string -%}
        {%- set mine = kind == 'test' and node.attached_node == mart.unique_id
            or kind == 'unit_test' and node.tested_node_unique_id == mart.unique_id -%}
        {%- if kind == 'unit_test' -%}
            {%- do unit_tests_ran.append(node.name) -%}
        {%- endif -%}
        {%- if mine -%}
            {%- do tests.append({
                'name': node.name,
                'kind': kind,
                'description': node.description or '',
                'status': result.status | string,
            }) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- if before and not unit_tests_ran -%}
        {%- do tests.extend(before.tests | selectattr('kind', 'equalto', 'unit_test') | list) -%}
    {%- endif -%}
    {{ return(tests) }}
{%- endmacro %}
