CREATE OR REPLACE FUNCTION _wh_internal.refuse_strangers(rest text, view_name text) RETURNS void
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
-- Raise an error if what follows the table in CREATE INDEX names an object whose owner may not act for
-- whadmin: PostgreSQL calls functions with constant arguments before it records that an index needs them.
-- Names without a schema only find PostgreSQL's own objects. Apart from the names of the index and its table,
-- placeholders may only be part of strings.
DECLARE
    token record;
    stranger text;
BEGIN
    FOR token IN
        SELECT n.name, lead(n.name) OVER sequence = '.' AND lead(n.kind) OVER sequence = 'sign' AS qualifies,
            lead(n.name, 2) OVER sequence AS next_name,
            lead(n.kind, 2) OVER sequence = 'sign' AS before_operator, n.kind
        FROM (SELECT t.n, t.kind, CASE t.kind WHEN 'word' THEN lower(t.word) ELSE t.word END AS name
            FROM _wh_internal.tokens(rest) t) n
        WINDOW sequence AS (ORDER BY n.n)
    LOOP
        CONTINUE WHEN token.kind NOT IN ('word', 'quoted');
        IF strpos(lower(token.name), 'pg_temp') > 0 OR strpos(lower(token.name), view_name) > 0
            AND token.name <> view_name THEN
            RAISE EXCEPTION 'a name contains a placeholder' USING ERRCODE = 'invalid_object_definition';
        END IF;
        IF token.name <> view_name
            AND EXISTS (SELECT FROM pg_type t WHERE t.typnamespace = pg_my_temp_schema()
            AND t.typname = token.name::name
            AND NOT pg_has_role(t.typowner, current_user, 'MEMBER'))
        THEN
            -- Types are looked up in this schema even if nobody names it, and reading a literal of a domain
            -- runs code of the domain's owner.
            RAISE EXCEPTION '% is a temporary type of this session', quote_ident(token.name)
                USING ERRCODE = 'invalid_object_definition';
        END IF;
        CONTINUE WHEN token.qualifies IS NOT TRUE;
        SELECT format('%I.%I', n.nspname, o.name) INTO stranger
        FROM pg_namespace n
        CROSS JOIN LATERAL (
            SELECT p.proname AS name, p.proowner AS owner FROM pg_proc p WHERE p.pronamespace = n.oid
            UNION ALL SELECT t.typname, t.typowner FROM pg_type t WHERE t.typnamespace = n.oid
            UNION ALL SELECT c.opcname, c.opcowner FROM pg_opclass c WHERE c.opcnamespace = n.oid
            UNION ALL SELECT p.oprname, p.oprowner FROM pg_operator p WHERE p.oprnamespace = n.oid
        ) o
        WHERE n.nspname = token.name::name AND NOT pg_has_role(o.owner, current_user, 'MEMBER')
            AND CASE WHEN token.before_operator THEN left(o.name, 1) = token.next_name
            ELSE o.name = token.next_name::name END
        LIMIT 1;
        IF FOUND THEN
            RAISE EXCEPTION '% belongs to a role that may not act for whadmin', stranger
                USING ERRCODE = 'insufficient_privilege';
        END IF;
    END LOOP;
END
$$;
