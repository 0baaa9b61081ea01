{# ISO 8601 text as canonical UTC text. Uploads are canonical already, seeds may not be. #}
{% macro utc_timestamp(expression) -%}
    {{ return(adapter.dispatch('utc_timestamp')(expression)) }}
{%- endmacro %}

{# The cast sets the type: without it dbt's unit tests take the column for a number. #}
{% macro sqlite__utc_timestamp(expression) -%}
    cast(
            case
                when substr({{ expression }}, -1) = 'Z' then {{ expression }}
                else strftime('%Y-%m-%dT%H:%M:%SZ', {{ expression }})
            end as text
        )
{%- endmacro %}

{# Text without an offset is UTC, whatever the time zone of the session. #}
{% macro postgres__utc_timestamp(expression) -%}
    case
            when {{ expression }} like '%Z' then {{ expression }}
            when {{ expression }} ~ '[T ][0-9:.]+ ?[-+][0-9:]+$'
                then to_char(cast({{ expression }} as timestamptz) at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')
            else to_char(cast({{ expression }} as timestamp), 'YYYY-MM-DD"T"HH24:MI:SS"Z"')
        end
{%- endmacro %}

{# Text without an offset is UTC. The session's time zone has no effect: a time with an offset is
   moved from that zone to UTC, a time without one is read and written without a zone. #}
{% macro spark__utc_timestamp(expression) -%}
    case
            when {{ expression }} like '%Z' then {{ expression }}
            when {{ expression }} rlike '[T ][0-9:.]+ ?[-+][0-9:]+$'
                then date_format(to_utc_timestamp(cast({{ expression }} as timestamp), current_timezone()), "yyyy-MM-dd'T'HH:mm:ss'Z'")
            else date_format(cast({{ expression }} as timestamp_ntz), "yyyy-MM-dd'T'HH:mm:ss'Z'")
        end
{%- endmacro %}
