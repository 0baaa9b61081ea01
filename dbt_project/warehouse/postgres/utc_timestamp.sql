{# What has no offset is UTC, whatever the time zone of the session. #}
{% macro postgres__utc_timestamp(expression) -%}
    case
            when {{ expression }} like '%Z' then {{ expression }}
            when {{ expression }} ~ '[T ][0-9:.]+ ?[-+][0-9:]+$'
                then to_char(cast({{ expression }} as timestamptz) at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')
            else to_char(cast({{ expression }} as timestamp), 'YYYY-MM-DD"T"HH24:MI:SS"Z"')
        end
{%- endmacro %}
