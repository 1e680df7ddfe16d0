-- The user of `millrace migrate` and `millrace dims refresh`: it makes and alters what is in the database analytics, and nothing outside of it. Run
-- `millrace start` as the writer, which finds the history of migrations complete and applies none.
--
-- Materialized views run with the rights of who made them (SQL SECURITY DEFINER): that is why this user may select and
-- insert, and why it must not be dropped.
--
-- {password_sha256} becomes the SHA-256 of the password, in hex; see README.md.

CREATE ROLE IF NOT EXISTS millrace_migrator;

GRANT CREATE DATABASE ON analytics.* TO millrace_migrator;
GRANT SHOW, CREATE TABLE, CREATE VIEW, DROP TABLE, DROP VIEW ON analytics.* TO millrace_migrator;
GRANT CREATE DICTIONARY, dictGet ON analytics.* TO millrace_migrator;
GRANT ALTER TABLE, ALTER VIEW ON analytics.* TO millrace_migrator;
GRANT SELECT, INSERT ON analytics.* TO millrace_migrator;

GRANT SELECT ON system.tables TO millrace_migrator;
GRANT SELECT ON system.columns TO millrace_migrator;

-- For `millrace dims refresh`, and only for it. Without the second, dictionaries are read anew two minutes later.
GRANT SELECT ON system.time_zones TO millrace_migrator;
GRANT SYSTEM RELOAD DICTIONARY ON *.* TO millrace_migrator;

-- For `millrace migrate --cluster`, and only for it:
-- GRANT CLUSTER ON *.* TO millrace_migrator;

CREATE USER OR REPLACE millrace_migrator IDENTIFIED WITH sha256_hash BY '{password_sha256}';

GRANT millrace_migrator TO millrace_migrator;
