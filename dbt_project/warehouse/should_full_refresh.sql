{# Overrides dbt's macro, which is called five times per model, to decide by the state of the model. #}
{% macro should_full_refresh() -%}
    {%- set asked = flags.FULL_REFRESH if config.get('full_refresh') is none else config.get('full_refresh') -%}
    {%- if asked or not execute or config.get('materialized') != 'incremental' -%}{{ return(asked) }}{%- endif -%}
    {{ return(once('all rows of ' ~ model.alias, needs_all_rows)) }}
{%- endmacro %}

{# On Spark always, because rows of a Parquet table cannot be replaced. Otherwise if the model cannot follow changes (see
   follows_changes.sql), was built from another ledger or by other code, misses some of the changes that it adds up, or
   if more rows have changed than stayed. #}
{% macro needs_all_rows() %}{{ return(adapter.dispatch('needs_all_rows')()) }}{% endmacro %}
{% macro default__needs_all_rows() -%}
    {%- set state = model_state(model.alias) -%}
    {{ return(not follows_changes() or state is none or state.last_load_id == 0 or state.code != model_code()
        or state.ledger != ledger_at(state.last_load_id)
        or not finds_its_changes() or is_mostly_changed(state.last_load_id)) }}
{%- endmacro %}
{% macro spark__needs_all_rows() %}{{ return(true) }}{% endmacro %}
{% materialization incremental, adapter='spark' %}{{ return(materialization_table_spark()) }}{% endmaterialization %}

{# Whether at least as many rows have been loaded, undone or redone since a model was built as have stayed. #}
{% macro is_mostly_changed(entry) -%}
    {%- set tables = sources_of_model() | map(attribute='identifier') | list -%}
    {{ return(tables | length > 0 and query('
        select count(*) from (
            select load_id, max(case when ' ~ spans_changed_since(entry) ~ ' then 1 else 0 end) as changed
            from raw.load_spans
            where table_name in (' ~ literals(tables) ~ ')
                and from_id <= ' ~ last_load_id() ~ ' and (until_id is null or until_id > ' ~ entry ~ ')
            group by load_id
        ) as spans
        inner join raw.loads using (load_id)
        having sum(loaded * changed) >= sum(loaded * (1 - changed))') | length > 0) }}
{%- endmacro %}
