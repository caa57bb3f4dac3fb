// What pgjdbc reads of a view: see reads.py. The arguments are the same, without the library.

import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.OffsetDateTime;
import java.util.Map;

public class Reads {
    public static void main(String[] arguments) throws SQLException {
        Map<String, String> env = System.getenv();
        String url = "jdbc:postgresql://" + env.get("PGHOST") + ":" + env.get("PGPORT") + "/" + env.get("PGDATABASE");
        String schema = arguments[0], name = arguments[1], day = arguments[2];
        try (Connection connection = DriverManager.getConnection(url, env.get("PGUSER"), env.get("PGPASSWORD"))) {
            if (day.equals("limited")) {
                for (int n = 3; n < arguments.length; n++) {
                    limited(connection, arguments[n], name);
                }
                return;
            }
            if (day.equals("statements")) {
                for (int n = 3; n < arguments.length; n++) {
                    try (Statement statement = connection.createStatement()) {
                        System.out.println("said\t" + one(statement.executeQuery(arguments[n])));
                    }
                }
                return;
            }
            String view = schema + ".\"" + name + "\"", next = arguments[3];
            try (ResultSet found = connection.getMetaData().getColumns(null, schema, name, "%")) {
                while (found.next()) {
                    System.out.println("column\t" + found.getString("COLUMN_NAME") + "\t" + found.getString("TYPE_NAME") + "\t"
                        + found.getString("REMARKS"));
                }
            }
            String where = " WHERE at >= '" + day + " 00:00Z' AND at < '" + next + " 00:00Z'";
            try (Statement statement = connection.createStatement()) {
                System.out.println("sum\t" + one(statement.executeQuery("SELECT sum(amount) FROM " + view + where)));
            }
            try (PreparedStatement bound = connection.prepareStatement("SELECT count(*) FROM " + view + " WHERE at >= ? AND at < ?")) {
                String found = null;
                for (int n = 0; n < 7; n++) {
                    bound.setObject(1, OffsetDateTime.parse(day + "T00:00Z"));
                    bound.setObject(2, OffsetDateTime.parse(next + "T00:00Z"));
                    found = one(bound.executeQuery());
                }
                System.out.println("bound\t" + found);
            }
            try (Statement statement = connection.createStatement();
                ResultSet found = statement.executeQuery("SELECT min(at) FROM " + view + where)) {
                found.next();
                System.out.println("first\t" + found.getObject(1, OffsetDateTime.class));
            }
            connection.setAutoCommit(false);
            try (Statement statement = connection.createStatement()) {
                statement.setFetchSize(1000);
                int count = 0;
                try (ResultSet found = statement.executeQuery("SELECT * FROM " + view)) {
                    while (found.next()) {
                        count++;
                    }
                }
                // It has so little memory that it would have ended otherwise.
                System.out.println("stream\t" + count + "\t0");
            }
        }
    }

    private static void limited(Connection connection, String schema, String name) throws SQLException {
        String said;
        try (Statement statement = connection.createStatement()) {
            said = one(statement.executeQuery("SELECT count(*) FROM " + schema + ".\"" + name + "\""));
        } catch (SQLException error) {
            said = "42501".equals(error.getSQLState()) ? "refused" : "failed: " + error.getMessage();
        }
        System.out.println("limited\t" + schema + "\t" + said);
    }

    private static String one(ResultSet found) throws SQLException {
        found.next();
        return found.getString(1);
    }
}
