// What JDBC's getTables and getColumns say of schemas: the address is libpq's environment, the schemas are the arguments.
// Prints a line for each thing: schema, relation, and what is said of it, with tabs between. "listed" are those that tools
// show, which ask for tables and views alone.

import java.sql.Connection;
import java.sql.DatabaseMetaData;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.Map;

public class Jdbc {
    public static void main(String[] schemas) throws SQLException {
        Map<String, String> env = System.getenv();
        String url = "jdbc:postgresql://" + env.get("PGHOST") + ":" + env.get("PGPORT") + "/" + env.get("PGDATABASE");
        try (Connection connection = DriverManager.getConnection(url, env.get("PGUSER"), env.get("PGPASSWORD"))) {
            DatabaseMetaData data = connection.getMetaData();
            for (String schema : schemas) {
                try (ResultSet found = data.getTables(null, schema, "%", new String[] {"TABLE", "VIEW"})) {
                    while (found.next()) {
                        System.out.println(schema + "\t" + found.getString("TABLE_NAME") + "\tlisted");
                    }
                }
                try (ResultSet found = data.getTables(null, schema, "%", null)) {
                    print(schema, found, "TABLE_TYPE", "REMARKS");
                }
                try (ResultSet found = data.getColumns(null, schema, "%", "%")) {
                    print(schema, found, "COLUMN_NAME", "TYPE_NAME", "COLUMN_SIZE", "IS_NULLABLE", "COLUMN_DEF", "REMARKS");
                }
            }
        }
    }

    private static void print(String schema, ResultSet found, String... labels) throws SQLException {
        while (found.next()) {
            StringBuilder line = new StringBuilder(schema + "\t" + found.getString("TABLE_NAME"));
            for (String label : labels) {
                line.append("\t").append(found.getString(label));
            }
            System.out.println(line);
        }
    }
}
