package dev.countersign.web;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;

/** The service as a well-behaved client sees it: two ports. */
record Service(int registerPort, int messagePort) {

    private static final HttpClient HTTP;

    static {
        System.setProperty("jdk.httpclient.allowRestrictedHeaders", "connection");
        HTTP = HttpClient.newHttpClient();
    }

    static Service of(CountersignServer server) {
        return new Service(server.registerPort(), server.messagePort());
    }

    /** Registers an id that nobody has, and returns its code. */
    String register(String id) throws IOException {
        Answer answer = postRegister(Json.registration(id));
        assertEquals(201, answer.status(), answer::text);
        return answer.member("code");
    }

    Answer send(String id, String code, String message) throws IOException {
        return postMessage(Json.message(id, code, message));
    }

    Answer postRegister(String json) throws IOException {
        return post(registerPort, "/register", json.getBytes(UTF_8));
    }

    Answer postMessage(String json) throws IOException {
        return post(messagePort, "/message", json.getBytes(UTF_8));
    }

    static Answer post(int port, String path, byte[] json) throws IOException {
        return exchange(
                request(port, path).header("Content-Type", "application/json").POST(BodyPublishers.ofByteArray(json)));
    }

    static Answer get(int port, String path) throws IOException {
        return exchange(request(port, path));
    }

    static HttpRequest.Builder request(int port, String path) {
        return HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path))
                .header("Connection", "close") // a server waits a second for a connection that is open at its stop
                .timeout(Duration.ofSeconds(20));
    }

    static Answer exchange(HttpRequest.Builder request) throws IOException {
        try {
            HttpResponse<byte[]> response = HTTP.send(request.build(), BodyHandlers.ofByteArray());
            return new Answer(response.statusCode(), response.headers(), response.body());
        } catch (InterruptedException e) {
            throw new AssertionError("nobody interrupts a test", e);
        }
    }
}
