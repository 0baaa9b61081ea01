-- The roles of a warehouse on PostgreSQL, with no more rights than they need. Once, in the
-- new database, by somebody who may create roles:
--
--     createdb hiring
--     psql -d hiring -v password=... -v reader_password=... -f deploy/postgres-roles.sql
--
-- hiring is the server's and dbt's: it owns the three schemas and may do nothing elsewhere.
-- hiring_reader is for people with SQL tools: it reads what is published, nothing else.

create role hiring login password :'password';
create role hiring_reader login password :'reader_password';

revoke all on database :"DBNAME" from public;
revoke create on schema public from public;
grant connect, temporary on database :"DBNAME" to hiring;
grant connect on database :"DBNAME" to hiring_reader;

create schema raw authorization hiring;
create schema main authorization hiring;
create schema published authorization hiring;

grant usage on schema published to hiring_reader;
alter default privileges for role hiring in schema published
grant select on tables to hiring_reader;
