with

departments as (
    select * from {{ ref('stg_departments') }}
),

hires as (
    select
        year,
        department_id,
        sum(hires) as hired
    from {{ ref('int_hires_by_quarter') }}
    group by year, department_id
),

years as (
    select distinct year
    from hires
),

-- Every department in every year, those that hired nobody included: they count in the mean.
department_years as (
    select
        years.year,
        departments.department_id,
        departments.department,
        coalesce(hires.hired, 0) as hired
    from years
    cross join departments
    left join hires
        on years.year = hires.year
        and departments.department_id = hires.department_id
),

totals as (
    select
        year,
        sum(hired) as hired,
        count(*) as departments
    from department_years
    group by year
),

-- hired > total / departments, kept in integers so that it is exact on every engine.
final as (
    select
        department_years.year,
        department_years.department_id as id,
        department_years.department,
        department_years.hired,
        cast(totals.hired as {{ storage_type('real') }}) / totals.departments as mean
    from department_years
    inner join totals on department_years.year = totals.year
    where department_years.hired * totals.departments > totals.hired
)

select * from final
