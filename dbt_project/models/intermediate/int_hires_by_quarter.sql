{{
    config(
        materialized='incremental',
        incremental_strategy='add',
        unique_key=['year', 'quarter', 'department_id', 'job_id'],
        meta={'counted_by': 'hires'},
        post_hook="{{ index_grain('year, quarter, department_id, job_id') }}",
    )
}}

with

-- _change is 1 for a row that came, -1 for one that went.
hired_employees as (
    select * from {{ changed_rows(ref('stg_hired_employees')) }}
),

dated as (
    select
        _change,
        department_id,
        job_id,
        cast(substr(hired_at, 1, 4) as integer) as year,
        cast(substr(hired_at, 6, 2) as integer) as month
    from hired_employees
),

quartered as (
    select
        _change,
        department_id,
        job_id,
        year,
        case
            when month <= 3 then 1
            when month <= 6 then 2
            when month <= 9 then 3
            else 4
        end as quarter
    from dated
),

final as (
    select
        year,
        quarter,
        department_id,
        job_id,
        sum(_change) as hires
    from quartered
    group by year, quarter, department_id, job_id
)

select * from final
