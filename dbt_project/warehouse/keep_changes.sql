{# Saves the changes of a staging model with `keep_changes`, for models that read it by `changed_rows`: before the
   `arriving` rows replace the `going` ones, both are copied to <model>__changes, unless they are so many that counting
   again is cheaper. dbt_changes has the model's version, and the version since which all changes are kept;
   dbt_changes_read has the version up to which each reader has read. #}
{% macro keep_changes(arriving, going, most=100000) -%}
    {%- set versions, changes = state_table('dbt_changes'), changes_of(this) -%}
    {%- set of_model = ' where model = ' ~ quoted(this.identifier) -%}
    {%- set read = 'select min(version) from ' ~ state_table('dbt_changes_read') ~ of_model -%}
    {%- do statement_of('update ' ~ versions ~ ' set version = version + 1' ~ of_model) -%}
    {%- do statement_of('delete from ' ~ changes ~ ' where _version <= (' ~ read ~ ')') -%}
    {%- set are_too_many = query('select 1 where (select count(*) from ' ~ arriving ~ ')
        + (select count(*) from ' ~ changes ~ ') + (select count(*) from ' ~ this ~ ' where ' ~ going ~ ') > ' ~ most) -%}
    {%- if are_too_many | length -%}
        {%- do statement_of('update ' ~ versions ~ ' set kept_after = version' ~ of_model) -%}
        {%- do statement_of('delete from ' ~ changes) -%}
    {%- else -%}
        {%- set into = 'insert into ' ~ changes ~ ' select ' ~ quoted_names(model.columns) -%}
        {%- set version = '(select version from ' ~ versions ~ of_model ~ ')' -%}
        {%- do statement_of(into ~ ', -1, ' ~ version ~ ' from ' ~ this ~ ' where ' ~ going) -%}
        {%- do statement_of(into ~ ', 1, ' ~ version ~ ' from ' ~ arriving) -%}
    {%- endif -%}
{%- endmacro %}

{# Drop the changes when the staging model is built from all its rows: what changed is unknown. #}
{% macro forget_changes() -%}
    {%- do statement_of('insert into ' ~ state_table('dbt_changes') ~ ' as known values ('
        ~ quoted(this.identifier) ~ ', 1, 1)
        on conflict (model) do update set version = known.version + 1, kept_after = known.version + 1') -%}
    {%- do statement_of('drop table if exists ' ~ changes_of(this)) -%}
    {%- set types = dict(column_types(model), _change='integer', _version='integer') -%}
    {%- do statement_of('create table ' ~ changes_of(this) ~ ' ' ~ table_shape(types)) -%}
{%- endmacro %}

{% macro keeps_changes() %}{{ return((config.get('meta') or {}).get('keep_changes', false)) }}{% endmacro %}

{# The staging models whose changes the current model adds up. #}
{% macro models_read_by_changes() -%}
    {%- set names = [] -%}
    {%- for id in model.depends_on.nodes if config.get('incremental_strategy') == 'add' and id in graph.nodes -%}
        {%- set read = graph.nodes[id] -%}
        {%- if (read.config.meta or {}).get('keep_changes') -%}{%- do names.append(read.alias) -%}{%- endif -%}
    {%- endfor -%}
    {{ return(names) }}
{%- endmacro %}

{% macro finds_its_changes() -%}
    {%- set names = models_read_by_changes() -%}
    {%- if not names -%}{{ return(true) }}{%- endif -%}
    {{ return(query('select count(*) from ' ~ state_table('dbt_changes') ~ ' as known
        inner join ' ~ state_table('dbt_changes_read') ~ ' as known_to_reader using (model)
        where model in (' ~ literals(names) ~ ') and reader = ' ~ quoted(model.alias) ~ '
            and known_to_reader.version >= kept_after')[0][0] == names | length) }}
{%- endmacro %}
{# After a build, in the model's transaction: record the versions that it has read. #}
{% macro note_changes_read() -%}
    {%- set names = models_read_by_changes() -%}
    {%- if names -%}
        {%- do statement_of('insert into ' ~ state_table('dbt_changes_read') ~ ' select ' ~ quoted(model.alias)
            ~ ', model, version from ' ~ state_table('dbt_changes') ~ ' where model in (' ~ literals(names)
            ~ ') on conflict (reader, model) do update set version = excluded.version') -%}
    {%- endif -%}
{%- endmacro %}
