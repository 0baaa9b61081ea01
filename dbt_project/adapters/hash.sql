{# dbt.hash, the MD5 of a text, for SQLite, which has none built in. It takes about 2 ms. #}
{% macro sqlite__hash(field) -%}
    {#- For every 64 bytes, 64 rounds and a step that adds the results, one row each. -#}
    {%- set constants = 'D76AA478E8C7B756242070DBC1BDCEEEF57C0FAF4787C62AA8304613FD469501698098D88B44F7AFFFFF5BB1895CD7BE6B901122FD987193A679438E49B40821' ~
        'F61E2562C040B340265E5A51E9B6C7AAD62F105D02441453D8A1E681E7D3FBC821E1CDE6C33707D6F4D50D87455A14EDA9E3E905FCEFA3F8676F02D98D2A4C8A' ~
        'FFFA39428771F6816D9D6122FDE5380CA4BEEA444BDECFA9F6BB4B60BEBFBC70289B7EC6EAA127FAD4EF308504881D05D9D4D039E6DB99E51FA27CF8C4AC5665' ~
        'F4292244432AFF97AB9423A7FC93A039655B59C38F0CCC92FFEFF47D85845DD16FA87E4FFE2CE6E0A30143144E0811A1F7537E82BD3AF2352AD7D2BBEB86D391' -%}
    {%- set round = 'step % 65' -%}
    {%- set place = "case step % 65 / 16 when 0 then step % 65 when 1 then (5 * (step % 65) + 1) % 16
            when 2 then (3 * (step % 65) + 5) % 16 else 7 * (step % 65) % 16 end" -%}
    {%- set mixed = 'case step % 65 / 16
            when 0 then (b & c) | (~b & d)
            when 1 then (d & b) | (~d & c)
            when 2 then ' ~ xor(xor('b', 'c'), 'd') ~ '
            else ' ~ xor('c', '(b | (~d & 4294967295))') ~ '
        end' -%}
    {%- set total = '((a + (' ~ mixed ~ ') + ' ~ word_of(quoted(constants), '8 * (' ~ round ~ ')', [0, 2, 4, 6])
        ~ ' + ' ~ word_of('message', '128 * (step / 65) + 8 * (' ~ place ~ ')', [6, 4, 2, 0]) ~ ') & 4294967295)' -%}
    {%- set shift = "cast(substr('07121722050914200411162306101521', step % 65 / 16 * 8 + step % 65 % 4 * 2 + 1, 2) as integer)" -%}
    case when {{ field }} is not null then (
        with recursive
        bytes as (select hex(cast({{ field }} as text)) as text),
        padded as materialized (
            select
                text || '80' || hex(zeroblob((119 - length(text) / 2 % 64) % 64))
                || {{ bytes_of('length(text) * 4', '%02X') }} || '00000000' as message
            from bytes
        ),
        rounds (step, a, b, c, d, a0, b0, c0, d0) as (
            select 0, 1732584193, 4023233417, 2562383102, 271733878, 1732584193, 4023233417, 2562383102, 271733878
            union all
            select
                step + 1,
                case when {{ round }} = 64 then (a + a0) & 4294967295 else d end,
                (b + case when {{ round }} = 64 then b0 else ({{ total }} << {{ shift }}) | ({{ total }} >> (32 - {{ shift }})) end) & 4294967295,
                case when {{ round }} = 64 then (c + c0) & 4294967295 else b end,
                case when {{ round }} = 64 then (d + d0) & 4294967295 else c end,
                case when {{ round }} = 64 then (a + a0) & 4294967295 else a0 end,
                case when {{ round }} = 64 then (b + b0) & 4294967295 else b0 end,
                case when {{ round }} = 64 then (c + c0) & 4294967295 else c0 end,
                case when {{ round }} = 64 then (d + d0) & 4294967295 else d0 end
            from rounds
            cross join padded
            where step < length(message) / 128 * 65
        )
        select {{ bytes_of('a', '%02x') }} || {{ bytes_of('b', '%02x') }} || {{ bytes_of('c', '%02x') }} || {{ bytes_of('d', '%02x') }}
        from rounds
        order by step desc
        limit 1
    ) end
{%- endmacro %}


{% macro xor(one, other) -%}
    (({{ one }} | {{ other }}) - ({{ one }} & {{ other }}))
{%- endmacro %}


{# Four bytes of hexadecimal text as a number; `order` lists their offsets, most significant first. #}
{% macro word_of(text, start, order) -%}
    (
    {%- for at in order -%}
        {%- for digit in [0, 1] -%}
        ((instr('0123456789ABCDEF', substr({{ text }}, {{ start }} + {{ at + digit + 1 }}, 1)) - 1) << {{ 28 - 4 * digit - 8 * order.index(at) }})
        {{- ' + ' if not loop.last }}
        {%- endfor -%}
        {{- ' + ' if not loop.last }}
    {%- endfor -%}
    )
{%- endmacro %}


{# A number of four bytes as hexadecimal text, least significant byte first. #}
{% macro bytes_of(number, format) -%}
    printf('{{ format * 4 }}', {{ number }} & 255, ({{ number }} >> 8) & 255, ({{ number }} >> 16) & 255, ({{ number }} >> 24) & 255)
{%- endmacro %}
