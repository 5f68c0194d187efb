package dev.countersign.perf.report;

import com.google.gson.Gson;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.BufferedReader;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.net.http.WebSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * One tab of a headless Chromium, driven over its DevTools protocol: JSON on a WebSocket.
 *
 * <p>Used by one thread; what the tab reports arrives on others.
 */
final class Browser implements AutoCloseable {

    private static final int PATIENCE_SECONDS = 30;
    private static final String LISTENS = "DevTools listening on ";

    private final Process process;
    private final WebSocket tab;
    private final Map<Integer, CompletableFuture<JsonObject>> answers = new ConcurrentHashMap<>();
    private final List<JsonObject> events = new CopyOnWriteArrayList<>();
    private volatile CompletableFuture<Void> loaded = new CompletableFuture<>();
    private int commands;

    static Optional<Path> installed() {
        return Stream.of("/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome")
                .map(Path::of)
                .filter(Files::isExecutable)
                .findFirst();
    }

    /** @param profile an empty folder or none yet, which the browser fills */
    Browser(Path chromium, Path profile) throws Exception {
        // root, as in a container, needs --no-sandbox; the flags after it keep Chromium from calling home
        ProcessBuilder command = new ProcessBuilder(
                chromium.toString(),
                "--headless",
                "--no-sandbox",
                "--disable-gpu",
                "--disable-quic",
                "--no-first-run",
                "--disable-background-networking",
                "--disable-component-update",
                "--disable-sync",
                "--user-data-dir=" + profile,
                "--remote-debugging-port=0",
                "about:blank");
        command.environment().put("TMPDIR", Files.createDirectories(profile).toString());
        process = command.redirectOutput(ProcessBuilder.Redirect.DISCARD).start();
        HttpClient http = HttpClient.newHttpClient();
        tab = http.newWebSocketBuilder()
                .buildAsync(firstTab(http), new Listener())
                .get(PATIENCE_SECONDS, TimeUnit.SECONDS);
        for (String domain : List.of("Page", "Network", "Runtime", "Log")) {
            send(domain + ".enable", Map.of());
        }
    }

    private URI firstTab(HttpClient http) throws Exception {
        URI devTools = devTools().get(PATIENCE_SECONDS, TimeUnit.SECONDS);
        URI tabs = URI.create("http://" + devTools.getAuthority() + "/json/list");
        String answer = http.send(HttpRequest.newBuilder(tabs).build(), BodyHandlers.ofString())
                .body();
        return JsonParser.parseString(answer).getAsJsonArray().asList().stream()
                .map(target -> target.getAsJsonObject())
                .filter(target -> target.get("type").getAsString().equals("page"))
                .map(target -> URI.create(target.get("webSocketDebuggerUrl").getAsString()))
                .findFirst()
                .orElseThrow();
    }

    /** Chromium says on its error stream where it listens; what follows is read too, or it would block. */
    private CompletableFuture<URI> devTools() {
        CompletableFuture<URI> address = new CompletableFuture<>();
        Thread reader = new Thread(() -> {
            try (BufferedReader lines = process.errorReader()) {
                lines.lines()
                        .filter(line -> line.startsWith(LISTENS))
                        .forEach(line -> address.complete(URI.create(line.substring(LISTENS.length()))));
            } catch (IOException e) {
                address.completeExceptionally(e);
            }
            address.completeExceptionally(new IOException("Chromium ended before it listened"));
        });
        reader.setDaemon(true);
        reader.start();
        return address;
    }

    /**
     * Opens a page and waits until it is loaded; what earlier pages reported is forgotten.
     *
     * @param scheme "light" or "dark"
     */
    void open(URI page, int width, int height, String scheme) throws Exception {
        send(
                "Emulation.setDeviceMetricsOverride",
                Map.of("width", width, "height", height, "deviceScaleFactor", 1, "mobile", false));
        send(
                "Emulation.setEmulatedMedia",
                Map.of("features", List.of(Map.of("name", "prefers-color-scheme", "value", scheme))));
        loaded = new CompletableFuture<>();
        events.clear();
        send("Page.navigate", Map.of("url", page.toString()));
        loaded.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
    }

    /** The value of a JavaScript expression, as JSON writes it. */
    String evaluate(String expression) throws Exception {
        JsonObject result = send("Runtime.evaluate", Map.of("expression", expression, "returnByValue", true));
        return result.getAsJsonObject("result").get("value").toString();
    }

    /** Addresses of everything that was asked for since {@link #open}, the page itself included. */
    List<String> requests() {
        return events.stream()
                .filter(event -> method(event).equals("Network.requestWillBeSent"))
                .map(event -> event.getAsJsonObject("params")
                        .getAsJsonObject("request")
                        .get("url")
                        .getAsString())
                .toList();
    }

    /** Whatever a console would show since {@link #open}: errors, warnings, messages. */
    List<String> console() {
        return events.stream()
                .filter(event -> List.of("Runtime.consoleAPICalled", "Runtime.exceptionThrown", "Log.entryAdded")
                        .contains(method(event)))
                .map(JsonObject::toString)
                .toList();
    }

    private static String method(JsonObject event) {
        return event.get("method").getAsString();
    }

    private JsonObject send(String method, Map<String, ?> parameters) throws Exception {
        int id = ++commands;
        CompletableFuture<JsonObject> answer = new CompletableFuture<>();
        answers.put(id, answer);
        tab.sendText(new Gson().toJson(Map.of("id", id, "method", method, "params", parameters)), true);
        JsonObject message = answer.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
        if (!message.has("result")) {
            throw new IOException(method + ": " + message);
        }
        return message.getAsJsonObject("result");
    }

    /** Returns when the browser is gone, its helper processes too, so that the profile can be deleted. */
    @Override
    public void close() {
        List<ProcessHandle> helpers = process.descendants().toList();
        tab.abort();
        process.destroy();
        Stream.concat(Stream.of(process.toHandle()), helpers.stream())
                .forEach(one -> one.onExit()
                        .orTimeout(PATIENCE_SECONDS, TimeUnit.SECONDS)
                        .join());
    }

    private final class Listener implements WebSocket.Listener {

        private final StringBuilder message = new StringBuilder();

        @Override
        public CompletionStage<?> onText(WebSocket webSocket, CharSequence part, boolean last) {
            message.append(part);
            if (last) {
                receive(JsonParser.parseString(message.toString()).getAsJsonObject());
                message.setLength(0);
            }
            webSocket.request(1);
            return null;
        }

        private void receive(JsonObject received) {
            if (received.has("id")) {
                answers.remove(received.get("id").getAsInt()).complete(received);
                return;
            }
            events.add(received);
            if (method(received).equals("Page.loadEventFired")) {
                loaded.complete(null);
            }
        }
    }
}
