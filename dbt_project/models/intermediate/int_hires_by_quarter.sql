with

hired_employees as (
    select * from {{ ref('stg_hired_employees') }}
),

dated as (
    select
        department_id,
        job_id,
        cast(substr(hired_at, 1, 4) as integer) as year,
        cast(substr(hired_at, 6, 2) as integer) as month
    from hired_employees
),

quartered as (
    select
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
        count(*) as hires
    from quartered
    group by year, quarter, department_id, job_id
)

select * from final
