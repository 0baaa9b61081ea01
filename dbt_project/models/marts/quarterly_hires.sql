with

hires as (
    select * from {{ ref('int_hires_by_quarter') }}
),

departments as (
    select * from {{ ref('stg_departments') }}
),

jobs as (
    select * from {{ ref('stg_jobs') }}
),

final as (
    select
        hires.year,
        departments.department,
        jobs.job,
        sum(case when hires.quarter = 1 then hires.hires else 0 end) as {{ adapter.quote('Q1') }},
        sum(case when hires.quarter = 2 then hires.hires else 0 end) as {{ adapter.quote('Q2') }},
        sum(case when hires.quarter = 3 then hires.hires else 0 end) as {{ adapter.quote('Q3') }},
        sum(case when hires.quarter = 4 then hires.hires else 0 end) as {{ adapter.quote('Q4') }}
    from hires
    inner join departments on hires.department_id = departments.department_id
    inner join jobs on hires.job_id = jobs.job_id
    group by hires.year, departments.department, jobs.job
)

select * from final
