{#
    Aggregates that are kept up to date by what changed instead of counted anew.

    A staging model with `meta={'keep_changes': true}` keeps, beside itself, the rows that its
    last builds took out (_change -1) and put in (_change 1), numbered by its version. A model
    that reads them through `changed_rows`, with `incremental_strategy='add'` and
    `meta={'counted_by': ...}`, adds the sums of a build to those it has, group by group
    (`unique_key`), and drops a group that counts no rows any more.

    Where the changes since a model last looked are not all there (the staging model was built
    from all its rows, or so much changed that counting anew is cheaper) the model is built
    from all rows.

    dbt_changes        one row per staging model: its version, and the version since which
                       all changes are kept
    dbt_changes_read   one row per reader and staging model: up to which version it was read
#}
{% macro changed_rows(relation) -%}
    {%- if execute and not relation.is_cte and is_incremental() -%}
    (select * from {{ changes_of(relation) }} where _version > {{ version_read(relation.identifier) }}) as changed
    {%- else -%}
    (select *, 1 as _change from {{ relation }}) as changed
    {%- endif -%}
{%- endmacro %}


{# More changed rows than this at once are counted anew. #}
{% macro most_changes_kept() -%}
    {{ return(100000) }}
{%- endmacro %}


{% macro changes_of(relation) -%}
    {{ return(relation.incorporate(path={'identifier': relation.identifier ~ '__changes'})) }}
{%- endmacro %}


{% macro create_change_tables() -%}
    {%- do create_state_table('dbt_changes', {'model': 'text', 'version': 'integer', 'kept_after': 'integer'}, ['model']) -%}
    {%- do create_state_table('dbt_changes_read', {'reader': 'text', 'model': 'text', 'version': 'integer'}, ['reader', 'model']) -%}
{%- endmacro %}


{# Whether the model that is being built keeps its changes. #}
{% macro keeps_changes() -%}
    {{ return((config.get('meta') or {}).get('keep_changes', false)) }}
{%- endmacro %}


{# The staging model was built from all its rows: nothing tells what changed. #}
{% macro forget_changes() -%}
    {%- do statement_of('insert into ' ~ state_table('dbt_changes') ~ ' as known values (' ~ quoted(this.identifier) ~ ', 1, 1)
        on conflict (model) do update set version = known.version + 1, kept_after = known.version + 1') -%}
    {%- do statement_of('drop table if exists ' ~ changes_of(this)) -%}
    {%- set types = column_types(model) -%}
    {%- do types.update({'_change': 'integer', '_version': 'integer'}) -%}
    {%- do statement_of('create table ' ~ changes_of(this) ~ ' ' ~ table_shape(types)) -%}
{%- endmacro %}


{# Before rows that are `going` make room for those `arriving`: keep what goes and what comes. #}
{% macro keep_changes(arriving, going) -%}
    {%- set name = quoted(this.identifier) -%}
    {%- set columns = column_names(model.columns.values()) -%}
    {%- set changes = changes_of(this) -%}
    {%- do statement_of('update ' ~ state_table('dbt_changes') ~ ' set version = version + 1 where model = ' ~ name) -%}
    {%- do statement_of('delete from ' ~ changes ~ ' where _version <= (
        select min(version) from ' ~ state_table('dbt_changes_read') ~ ' where model = ' ~ name ~ ')') -%}
    {%- set are_too_many = query('select 1 where (select count(*) from ' ~ arriving ~ ') + (select count(*) from ' ~ changes ~ ')
        + (select count(*) from ' ~ this ~ ' where ' ~ going ~ ') > ' ~ most_changes_kept()) | length -%}
    {%- if are_too_many -%}
        {%- do statement_of('update ' ~ state_table('dbt_changes') ~ ' set kept_after = version where model = ' ~ name) -%}
        {%- do statement_of('delete from ' ~ changes) -%}
    {%- else -%}
        {%- set version = '(select version from ' ~ state_table('dbt_changes') ~ ' where model = ' ~ name ~ ')' -%}
        {%- do statement_of('insert into ' ~ changes ~ ' select ' ~ columns ~ ', -1, ' ~ version ~ ' from ' ~ this
            ~ ' where ' ~ going) -%}
        {%- do statement_of('insert into ' ~ changes ~ ' select ' ~ columns ~ ', 1, ' ~ version ~ ' from ' ~ arriving) -%}
    {%- endif -%}
{%- endmacro %}


{# The staging models whose changes a model adds up. #}
{% macro models_read_by_changes(reader) -%}
    {%- set names = [] -%}
    {%- if reader.config.incremental_strategy == 'add' -%}
        {%- for id in reader.depends_on.nodes if id in graph.nodes and (graph.nodes[id].config.meta or {}).get('keep_changes') -%}
            {%- do names.append(graph.nodes[id].name) -%}
        {%- endfor -%}
    {%- endif -%}
    {{ return(names) }}
{%- endmacro %}


{% macro version_read(name) -%}
    {{ return(query('select version from ' ~ state_table('dbt_changes_read') ~ ' where reader = ' ~ quoted(this.identifier) ~ ' and model = ' ~ quoted(name))[0][0]) }}
{%- endmacro %}


{# Whether a model that adds up changes finds all of them since it last looked. #}
{% macro finds_its_changes(reader) -%}
    {%- for name in models_read_by_changes(reader) -%}
        {%- set found = query('select 1 from ' ~ state_table('dbt_changes') ~ ' as known
            inner join ' ~ state_table('dbt_changes_read') ~ ' as known_to_reader using (model)
            where model = ' ~ quoted(name) ~ ' and reader = ' ~ quoted(reader.name) ~ '
                and known_to_reader.version >= kept_after') -%}
        {%- if not found | length -%}
            {{ return(false) }}
        {%- endif -%}
    {%- endfor -%}
    {{ return(true) }}
{%- endmacro %}


{# After a build, in the model's own transaction: up to where it has read. #}
{% macro note_changes_read() -%}
    {%- for name in models_read_by_changes(model) -%}
        {%- do statement_of('insert into ' ~ state_table('dbt_changes_read') ~ '
            select ' ~ quoted(model.name) ~ ', model, version from ' ~ state_table('dbt_changes') ~ ' where model = ' ~ quoted(name) ~ '
            on conflict (reader, model) do update set version = excluded.version') -%}
    {%- endfor -%}
{%- endmacro %}


{# A statement inside the model's own transaction. #}
{% macro statement_of(sql) -%}
    {%- call statement('part') -%}
        {{ sql }}
    {%- endcall -%}
{%- endmacro %}
