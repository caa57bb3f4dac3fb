CREATE OR REPLACE FUNCTION _wh_internal.table_changes(template _wh.mv_templates, target regclass,
    extras boolean DEFAULT false) RETURNS text
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET TimeZone = 'UTC' AS $$
-- What ALTER TABLE has to do so that a table has its template's columns with their types and collations;
-- NULL if nothing. Older rows have NULL in a new column. A column that the template has dropped stays, with
-- its values; with `extras` the table gets such columns of the template's other tables. A type only changes
-- within its kind (number, text, time), and only if each value converts back unchanged. The type of the
-- partitioning column stays: see partition_outranged.
DECLARE
    changes text[] := '{}'::text[];
    col record;
    spoilt boolean;
    reason text;
BEGIN
    FOR col IN
        SELECT c.position, c.column_name, c.data_type,
            c.data_type || coalesce(' COLLATE ' || c.collation_name, '') AS declared,
            format_type(a.atttypid, a.atttypmod) AS present,
            (SELECT count(DISTINCT y.typcategory) FROM pg_type y
            WHERE y.oid IN (a.atttypid, to_regtype(c.data_type))) AS kinds
        FROM (SELECT t.position, t.column_name, t.data_type, t.collation_name FROM _wh.template_columns t
            WHERE t.template_name = template.template_name
            UNION ALL SELECT NULL, e.column_name, e.data_type, e.collation_name
                FROM _wh_internal.partition_extras(template) e WHERE extras) c
        LEFT JOIN pg_attribute a ON a.attrelid = target AND a.attname = c.column_name AND NOT a.attisdropped
        LEFT JOIN pg_type t ON t.oid = a.atttypid
        WHERE format_type(a.atttypid, a.atttypmod) IS DISTINCT FROM c.data_type
            OR a.attcollation <> coalesce(to_regcollation(c.collation_name)::oid, t.typcollation)
        ORDER BY c.position
    LOOP
        IF col.present IS NULL THEN
            changes := changes || format('ADD COLUMN IF NOT EXISTS %I %s', col.column_name, col.declared);
        ELSIF NOT EXISTS (SELECT FROM pg_partition_tree(target) p
            JOIN pg_partitioned_table k ON k.partrelid = p.relid
            JOIN pg_attribute a ON a.attrelid = p.relid AND a.attnum = k.partattrs[0]
            WHERE a.attname = col.column_name OR template.time_column = col.column_name)
        THEN
            BEGIN
                IF col.kinds > 1 THEN
                    RAISE EXCEPTION 'they are of different kinds' USING ERRCODE = 'cannot_coerce';
                END IF;
                spoilt := false;
                IF col.present <> col.data_type THEN
                    EXECUTE format('SELECT EXISTS (SELECT 1 FROM %s WHERE %I::%s::%s::text <> %I::text)',
                        target, col.column_name, col.data_type, col.present, col.column_name) INTO spoilt;
                END IF;
                reason := 'existing values would change';
            EXCEPTION WHEN data_exception OR cannot_coerce THEN
                spoilt := true;
                reason := SQLERRM;
            END;
            IF spoilt THEN
                RAISE EXCEPTION 'template "%": column % of table % has another type: % cannot become %: %',
                    template.template_name,
                        quote_ident(col.column_name), target, col.present, col.data_type, reason
                    USING ERRCODE = 'datatype_mismatch',
                        HINT = 'Give the column a new name in the template, or keep its type.';
            END IF;
            changes := changes || format('ALTER COLUMN %1$I TYPE %3$s USING %1$I::%2$s', col.column_name,
                col.data_type, col.declared);
        END IF;
    END LOOP;
    RETURN nullif(array_to_string(changes, ', '), '');
END
$$;
