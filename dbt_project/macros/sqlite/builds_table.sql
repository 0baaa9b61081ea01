{# The record of every build: plain SQL, for dbt and for whoever must tell that dbt failed. #}
{% macro sqlite__builds_table() -%}
create table if not exists published.builds (
    build_id integer primary key autoincrement,
    invocation_id text not null unique,
    status text not null check (status in ('published', 'failed')),
    started_at text not null,
    finished_at text not null,
    last_load_id integer not null,
    last_request_id integer not null,
    project_digest text not null default '',
    steps text not null,
    failures text not null,
    marts text not null
) strict
{%- endmacro %}


{# Earlier versions recorded no digest of the project. #}
{% macro sqlite__digest_of_builds() -%}
alter table published.builds add column project_digest text not null default ''
{%- endmacro %}
