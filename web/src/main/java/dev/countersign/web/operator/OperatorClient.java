package dev.countersign.web.operator;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;

import dev.countersign.core.Home;
import dev.countersign.core.StartupException;
import java.io.IOException;
import java.net.SocketException;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.Map;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.json.JsonFactory;

/** Asks the server that runs in a home, through its socket. */
public final class OperatorClient {

    private static final JsonFactory JSON = new JsonFactory();
    private static final String END_OF_HEAD = "\r\n\r\n";

    private final Path home;

    public OperatorClient(Path home) {
        this.home = home;
    }

    /** What the server answered. */
    public record Answer(int status, String body) {}

    /**
     * @param target the path, and the query where there is one
     * @throws StartupException where no server can be asked
     */
    public Answer ask(String method, String target) throws IOException {
        // in HTTP/1.0 an answer has no chunks, and ends where the connection does
        String request = method + " " + target + " HTTP/1.0\r\nHost: localhost" + END_OF_HEAD;
        try (SocketChannel channel = open()) {
            channel.write(ByteBuffer.wrap(request.getBytes(US_ASCII)));
            String answer = new String(Channels.newInputStream(channel).readAllBytes(), UTF_8);
            int end = answer.indexOf(END_OF_HEAD);
            if (end < 0) {
                throw new IOException("the server closed the connection without an answer");
            }
            return new Answer(Integer.parseInt(answer.substring(9, 12)), answer.substring(end + END_OF_HEAD.length()));
        }
    }

    private SocketChannel open() throws IOException {
        Path socket = Home.operatorSocket(home);
        try {
            return SocketChannel.open(UnixDomainSocketAddress.of(socket));
        } catch (SocketException e) {
            String reason = Files.exists(socket) ? " that answers " + socket + ": " + e.getMessage() : "";
            throw new StartupException(
                    "no server is running in " + home.toAbsolutePath().normalize() + reason
                            + ". Name another home with --home.",
                    e);
        }
    }

    /** The texts and numbers of an object, in order, those of an object in it by both names: {@code "log bytes"}. */
    public static Map<String, String> members(String object) {
        Map<String, String> members = new LinkedHashMap<>();
        Deque<String> names = new ArrayDeque<>();
        try (JsonParser json = JSON.createParser(ObjectReadContext.empty(), object)) {
            for (JsonToken token = json.nextToken(); token != null; token = json.nextToken()) {
                if (token == JsonToken.START_OBJECT && json.currentName() != null) {
                    names.addLast(json.currentName());
                } else if (token == JsonToken.END_OBJECT) {
                    names.pollLast();
                } else if (token.isScalarValue()) {
                    String name = names.isEmpty() ? "" : String.join(" ", names) + " ";
                    members.put(name + json.currentName(), json.getString());
                }
            }
        }
        return members;
    }
}
