import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;

public class Main {
    public static void main(String[] arguments) throws IOException {
        HttpServer server = HttpServer.create(new InetSocketAddress(8080), 0);
        server.createContext("/health", exchange -> answer(exchange, 200, "ok\n"));
        server.createContext("/report", Main::report);
        server.start();
        System.out.println("listening on 8080");
    }

    /** Writes the report to a temporary file first, as libraries for documents do. */
    private static void report(HttpExchange exchange) throws IOException {
        try {
            Path scratch = Files.createTempFile("report", ".txt");
            Files.writeString(scratch, "all is well\n");
            String report = Files.readString(scratch);
            Files.delete(scratch);
            answer(exchange, 200, report);
        } catch (IOException e) {
            e.printStackTrace();
            answer(exchange, 500, e.toString());
        }
    }

    private static void answer(HttpExchange exchange, int status, String text) throws IOException {
        exchange.sendResponseHeaders(status, text.length());
        exchange.getResponseBody().write(text.getBytes());
        exchange.close();
    }
}
