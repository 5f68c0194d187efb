package dev.countersign.client;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.google.gson.JsonParser;
import dev.countersign.core.Home;
import dev.countersign.web.CountersignServer;
import dev.countersign.web.Settings;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** The server itself, on free ports, and a look into its log. */
final class RealServer implements AutoCloseable {

    private final CountersignServer server;
    private final Path log;

    RealServer(Path folder) {
        Home home = Home.open(folder);
        log = home.messageLog();
        server = CountersignServer.start(home, Settings.local());
    }

    int registerPort() {
        return server.registerPort();
    }

    int messagePort() {
        return server.messagePort();
    }

    CountersignClientBuilder clientBuilder() {
        return CountersignClient.builder().registerPort(registerPort()).messagePort(messagePort());
    }

    /** The messages in the log that came from this id, in order. */
    List<String> messagesOf(String id) throws IOException {
        return messagesOf(log, id);
    }

    static List<String> messagesOf(Path log, String id) throws IOException {
        return Files.readAllLines(log, UTF_8).stream()
                .map(line -> JsonParser.parseString(line).getAsJsonObject())
                .filter(line -> line.get("id").getAsString().equals(id))
                .map(line -> line.get("message").getAsString())
                .toList();
    }

    /** The log's line that the receipt names. */
    String line(Receipt receipt) throws IOException {
        return Files.readAllLines(log, UTF_8).stream()
                .filter(line -> line.startsWith("{\"receipt\":\"" + receipt.value() + "\","))
                .findFirst()
                .orElseThrow();
    }

    @Override
    public void close() {
        server.close();
    }
}
