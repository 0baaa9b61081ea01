{#
    What has no offset is UTC. The session's time zone falls out: a time is read with its
    offset, or in that zone, and written in that zone or moved from it.
#}
{% macro spark__utc_timestamp(expression) -%}
    case
            when {{ expression }} like '%Z' then {{ expression }}
            when {{ expression }} rlike '[T ][0-9:.]+ ?[-+][0-9:]+$'
                then date_format(to_utc_timestamp(cast({{ expression }} as timestamp), current_timezone()), "yyyy-MM-dd'T'HH:mm:ss'Z'")
            else date_format(cast({{ expression }} as timestamp_ntz), "yyyy-MM-dd'T'HH:mm:ss'Z'")
        end
{%- endmacro %}
