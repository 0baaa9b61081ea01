with

landed as (
    {{ newest_rows(source('raw', 'departments'), unique_key='id', sample=ref('departments')) }}
),

final as (
    select
        id as department_id,
        department
    from landed
)

select * from final
