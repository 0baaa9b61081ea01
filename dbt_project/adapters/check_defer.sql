{# Errors for what a target with its own file of models cannot do: clone and defer. #}

{# A clone is a view of the same name, which on SQLite cannot read another file. #}
{% materialization clone, adapter='sqlite' %}
    {%- do exceptions.raise_compiler_error('SQLite cannot clone: ' ~ build_instead()) -%}
{% endmaterialization %}


{% macro check_defer() -%}
    {%- if target.name == 'dev' and invocation_args_dict.defer -%}
        {%- do exceptions.raise_compiler_error('The target dev cannot defer: ' ~ build_instead()) -%}
    {%- endif -%}
{%- endmacro %}


{% macro build_instead() -%}
    {{ return('the models of another target are in another file. `dbt build --target dev --select +MODEL` builds what a model needs.') }}
{%- endmacro %}
