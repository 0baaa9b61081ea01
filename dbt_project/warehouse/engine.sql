{#
    What a database engine has to say for itself. Each of these has its SQL in the folder of
    an engine (sqlite__NAME), or in a default__NAME beside what uses it, where the SQL is the
    same on several. They are named for what is meant, not for a statement, since an engine
    may have no such statement. dbt's own dispatched macros (create_table_as, test_unique,
    the strategies of incremental models) are overridden in those folders, too.
#}

{# Before a run takes its lease: schemas, tables that have to be there, and settings. #}
{% macro prepare_warehouse() -%}
    {{ return(adapter.dispatch('prepare_warehouse')()) }}
{%- endmacro %}


{% macro relation_exists(relation) -%}
    {{ return(adapter.dispatch('relation_exists')(relation)) }}
{%- endmacro %}


{# Tables: see contract.sql and guaranteed.sql. #}

{# How a type of the contract is called; dates and timestamps are canonical UTC text. #}
{% macro storage_type(data_type) -%}
    {{ return(adapter.dispatch('storage_type')(data_type)) }}
{%- endmacro %}


{# What stands behind the name in `create table`, for columns as {name: type of the contract}. #}
{% macro table_shape(types, key=[]) -%}
    {{ return(adapter.dispatch('table_shape')(types, key)) }}
{%- endmacro %}


{# The names of the columns of a select, of which nothing is computed. #}
{% macro columns_of(sql) -%}
    {{ return(adapter.dispatch('columns_of')(sql)) }}
{%- endmacro %}


{# Post-hook: one row per unique_key, kept by the database, indexed after the rows are in. #}
{% macro index_grain(unique_key) -%}
    {{ return(adapter.dispatch('index_grain')(unique_key)) }}
{%- endmacro %}


{# Incremental models: see incremental.sql, changed_rows.sql and counting_loads.sql. #}

{# Add the sums in `arriving` to those of the groups of `target`, which may lack them. #}
{% macro add_sums(arriving, target) -%}
    {{ return(adapter.dispatch('add_sums')(arriving, target)) }}
{%- endmacro %}


{# The rows of the loads whose spans meet a condition, as something to select from. #}
{% macro rows_of_loads(uploads, condition) -%}
    {{ return(adapter.dispatch('rows_of_loads')(uploads, condition)) }}
{%- endmacro %}


{# The column of an upload table that has the number of a row's load. #}
{% macro load_of_row() -%}
    {{ return(adapter.dispatch('load_of_row')()) }}
{%- endmacro %}


{# Of `rows`, which are uploads', the newest of each unique_key, as a select. #}
{% macro newest_of(uploads, rows, unique_key) -%}
    {{ return(adapter.dispatch('newest_of')(uploads, rows, unique_key)) }}
{%- endmacro %}


{# Whether an incremental model has to be built from all its rows. #}
{% macro needs_all_rows() -%}
    {{ return(adapter.dispatch('needs_all_rows')()) }}
{%- endmacro %}


{# What dbt remembers of its work: see audit/run_state.sql and audit/lease.sql. #}

{% macro prepare_run_state() -%}
    {{ return(adapter.dispatch('prepare_run_state')()) }}
{%- endmacro %}


{# Where the ledger stands: {last_load_id, last_request_id}, both of one moment. #}
{% macro ledger_position() -%}
    {{ return(adapter.dispatch('ledger_position')()) }}
{%- endmacro %}


{# When an entry of the ledger was written: tells it from one of the same number in another. #}
{% macro ledger_at(load_id) -%}
    {{ return(adapter.dispatch('ledger_at')(load_id)) }}
{%- endmacro %}


{# Record what is known of this run when it begins. #}
{% macro remember_run(position) -%}
    {{ return(adapter.dispatch('remember_run')(position)) }}
{%- endmacro %}


{# A run as it was remembered, or none. #}
{% macro remembered_run(id) -%}
    {{ return(adapter.dispatch('remembered_run')(id)) }}
{%- endmacro %}


{# SQL that gives, in a test, how far the run reads that the test is part of. #}
{% macro last_load_id_in_sql() -%}
    {{ return(adapter.dispatch('last_load_id_in_sql')()) }}
{%- endmacro %}


{# Post-hook: remember with a model's new rows what they were made from. #}
{% macro remember_model(state) -%}
    {{ return(adapter.dispatch('remember_model')(state)) }}
{%- endmacro %}


{# Post-hook: a model holds nothing to build upon. #}
{% macro forget_model() -%}
    {{ return(adapter.dispatch('forget_model')()) }}
{%- endmacro %}


{# What is remembered of every model: {model, invocation_id, last_load_id, ledger, code} each. #}
{% macro model_states() -%}
    {{ return(adapter.dispatch('model_states')()) }}
{%- endmacro %}


{# Wait until no other run is at work, and be the one that is. #}
{% macro take_lease() -%}
    {{ return(adapter.dispatch('take_lease')()) }}
{%- endmacro %}


{# Post-hook: this run is still at work. #}
{% macro renew_lease() -%}
    {{ return(adapter.dispatch('renew_lease')()) }}
{%- endmacro %}


{% macro give_lease_back() -%}
    {{ return(adapter.dispatch('give_lease_back')()) }}
{%- endmacro %}


{# Seconds by the database's clock, as SQL. #}
{% macro seconds_now() -%}
    {{ return(adapter.dispatch('seconds_now')()) }}
{%- endmacro %}


{# Let some hundredths of a second pass. #}
{% macro pause() -%}
    {{ return(adapter.dispatch('pause')()) }}
{%- endmacro %}


{# The rows of the statement that the compiled audit is. #}
{% macro rows_of_audit(sql) -%}
    {{ return(adapter.dispatch('rows_of_audit')(sql)) }}
{%- endmacro %}


{# Facts of a run: see audit/record_run.sql. #}

{# What came of each node, and the project as JSON where nobody has it in memory. #}
{% macro write_results(results, nodes) -%}
    {{ return(adapter.dispatch('write_results')(results, nodes)) }}
{%- endmacro %}


{# In the transaction that records a run: say so to a builder that listens. #}
{% macro wake_builder() -%}
    {{ return(adapter.dispatch('wake_builder')()) }}
{%- endmacro %}


{# One row with what became of this run, or none as long as nobody has judged it. #}
{% macro outcome_of_run() -%}
    {{ return(adapter.dispatch('outcome_of_run')()) }}
{%- endmacro %}
