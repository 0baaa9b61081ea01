with

landed as (
    {{ newest_rows(source('raw', 'jobs'), unique_key='id', sample=ref('jobs')) }}
),

final as (
    select
        id as job_id,
        job
    from landed
)

select * from final
