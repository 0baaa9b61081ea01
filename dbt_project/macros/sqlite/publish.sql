{# published.db holds the marts under their own names; its readers keep to one snapshot of it. #}

{% macro sqlite__begin_publishing(marts) -%}
    {%- do query('begin') -%}
{%- endmacro %}


{% macro sqlite__publish_marts(marts, documents, build) -%}
    {%- for name in query("select name from published.sqlite_master where type = 'table' and name not in ('builds', 'catalogue', 'sqlite_sequence')") | map(attribute='name') -%}
        {%- do query('drop table published.' ~ name | tojson) -%}
    {%- endfor -%}
    {%- for mart in marts -%}
        {%- do copy_of_mart(mart, 'published.' ~ mart.name | tojson) -%}
    {%- endfor -%}
    {%- do write_catalogue(documents) -%}
    {%- do insert_build(build) -%}
    {%- do query('commit') -%}
{%- endmacro %}
