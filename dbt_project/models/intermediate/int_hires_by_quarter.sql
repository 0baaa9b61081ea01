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

-- Counted by month first, so that few rows are left to be cut up into years and quarters.
monthly as (
    select
        job_id,
        department_id,
        substr(hired_at, 1, 7) as month,
        sum(_change) as hires
    from hired_employees
    group by job_id, department_id, month
),

dated as (
    select
        job_id,
        department_id,
        cast(substr(month, 1, 4) as integer) as year,
        cast(substr(month, 6, 2) as integer) as month_of_year,
        hires
    from monthly
),

quartered as (
    select
        job_id,
        department_id,
        year,
        case
            when month_of_year <= 3 then 1
            when month_of_year <= 6 then 2
            when month_of_year <= 9 then 3
            else 4
        end as quarter,
        hires
    from dated
),

final as (
    select
        year,
        quarter,
        department_id,
        job_id,
        sum(hires) as hires
    from quartered
    group by year, quarter, department_id, job_id
)

select * from final
