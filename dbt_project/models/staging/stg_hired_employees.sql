{{
    config(
        materialized='incremental',
        unique_key='employee_id',
        meta={'keep_changes': true},
        post_hook="{{ index_grain('employee_id') }}",
    )
}}

with

landed as (
    {{
        newest_rows(
            source('raw', 'hired_employees'),
            unique_key='id',
            sample=ref('hired_employees'),
        )
    }}
),

final as (
    select
        id as employee_id,
        name,
        {{ utc_timestamp(adapter.quote('datetime')) }} as hired_at,
        department_id,
        job_id
    from landed
)

select * from final
